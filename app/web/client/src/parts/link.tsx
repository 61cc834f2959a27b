/** A link within the site, followed without loading the page anew. */
import type { ComponentChildren } from "preact";
import { navigate, path } from "../router";

interface Props {
  to: string;
  class?: string;
  children: ComponentChildren;
}

export function Link({ to, class: className, children }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    navigate(to);
  };
  const current = path.value === to ? ("page" as const) : undefined;
  return (
    <a href={to} class={className} aria-current={current} onClick={follow}>
      {children}
    </a>
  );
}
