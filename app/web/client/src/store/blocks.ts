/** Whom the viewer, as a seller, lets bid on none of their auctions. */
import { signal } from "@preact/signals";
import type { Person } from "../protocol";
import { api, user } from "./session";

/** Those blocked, by id; null until it is known. */
export const blocked = signal<ReadonlyMap<number, Person> | null>(null);

let reading: Promise<void> | null = null;

/** Reads the list once for each user. Throws HttpProblem. */
export function readBlocks(): Promise<void> {
  reading ??= readAll().catch((problem) => {
    reading = null;
    throw problem;
  });
  return reading;
}

async function readAll(): Promise<void> {
  const found = new Map<number, Person>();
  let cursor: string | undefined;
  do {
    const page = await api.blocks(cursor);
    for (const { user: person } of page.items) found.set(person.id, person);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  blocked.value = found;
}

/** Blocks somebody, or lets them bid again. Throws HttpProblem. */
export async function setBlocked(person: Person, isBlocked: boolean): Promise<void> {
  await (isBlocked ? api.block(person.id) : api.unblock(person.id));
  const now = new Map(blocked.peek() ?? []);
  if (isBlocked) now.set(person.id, person);
  else now.delete(person.id);
  blocked.value = now;
}

let ownerId = user.peek()?.id;
user.subscribe((now) => {
  if (now?.id === ownerId) return;
  ownerId = now?.id;
  reading = null;
  blocked.value = null;
});
