/** The chat of an auction's room. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { timeOfDay } from "../format";
import { errorText, t, tn } from "../i18n";
import type { ChatMessage } from "../protocol";
import { loginPath } from "../router";
import { enterRoom, type Outgoing, type RoomView } from "../store/room";
import { user } from "../store/session";
import { Link } from "./link";

const NEAR_END_PX = 80;

export function Chat({ auctionId }: { auctionId: number }) {
  return (
    <section class="panel chat">
      {user.value ? (
        <Room auctionId={auctionId} />
      ) : (
        <>
          <h2>{t("chat.title")}</h2>
          <Link to={loginPath()}>{t("chat.login")}</Link>
        </>
      )}
    </section>
  );
}

function Room({ auctionId }: { auctionId: number }) {
  const room = useMemo(() => enterRoom(auctionId), [auctionId]);
  useEffect(() => () => room.close(), [room]);
  return (
    <>
      <h2 class="row spread">
        {t("chat.title")}
        {room.online.value !== null && (
          <span class="quiet small">{tn("online.count", room.online.value)}</span>
        )}
      </h2>
      {room.error.value && <p class="fault">{errorText(room.error.value)}</p>}
      <Messages room={room} />
      <Writing room={room} />
    </>
  );
}

function Messages({ room }: { room: RoomView }) {
  const box = useRef<HTMLDivElement>(null);
  const last = useComputed(() => [room.messages.value.at(-1)?.seq, room.outgoing.value.length]);
  useLayoutEffect(() => followEnd(box.current), [last.value]);
  const isEmpty = room.messages.value.length + room.outgoing.value.length === 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
    <div class="messages" role="log" aria-label={t("chat.title")} tabIndex={0} ref={box}>
      {isEmpty && <p class="quiet">{room.ready.value ? t("chat.empty") : t("chat.connecting")}</p>}
      {room.messages.value.map((message) => (
        <Message key={message.message_id} message={message} />
      ))}
      {room.outgoing.value.map((message) => (
        <OnItsWay key={message.key} message={message} onAgain={() => room.again(message.key)} />
      ))}
    </div>
  );
}

/** Keeps the newest message in sight, unless its reader has scrolled back. */
function followEnd(box: HTMLElement | null): void {
  if (!box) return;
  const newest = box.lastElementChild?.getBoundingClientRect().height ?? 0;
  const below = box.scrollHeight - box.scrollTop - box.clientHeight;
  if (below < newest + NEAR_END_PX || box.scrollTop === 0) box.scrollTop = box.scrollHeight;
}

function Message({ message }: { message: ChatMessage }) {
  const isOwn = message.sender.id === user.value?.id;
  return (
    <div class={isOwn ? "message own" : "message"} data-testid="message">
      <p class="quiet small">
        {message.sender.nickname} · <time dateTime={message.at}>{timeOfDay(message.at)}</time>
      </p>
      <p class="text">{message.text}</p>
    </div>
  );
}

function OnItsWay({ message, onAgain }: { message: Outgoing; onAgain: () => void }) {
  return (
    <div class="message own waiting">
      <p class="text">{message.text}</p>
      {message.error === null ? (
        <p class="quiet small">{t("chat.sending")}</p>
      ) : (
        <p class="fault small">
          {t("chat.failed", { reason: reasonText(message.error) })}{" "}
          <button type="button" class="plain" onClick={onAgain}>
            {t("chat.again")}
          </button>
        </p>
      )}
    </div>
  );
}

function reasonText(code: string): string {
  return code === "UNKNOWN" ? t("chat.failed.unknown") : errorText(code);
}

function Writing({ room }: { room: RoomView }) {
  const text = useSignal("");
  const submit = (event: Event) => {
    event.preventDefault();
    const trimmed = text.value.trim();
    if (trimmed === "" || !room.ready.value) return;
    room.say(trimmed);
    text.value = "";
  };
  return (
    <form class="row" onSubmit={submit}>
      <input
        aria-label={t("chat.input")}
        placeholder={t("chat.input")}
        maxLength={2000}
        autoComplete="off"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <button type="submit" aria-disabled={!room.ready.value}>
        {t("chat.send")}
      </button>
    </form>
  );
}
