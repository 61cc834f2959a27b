/** The chat of an auction's room. */
import { useComputed, useSignal } from "@preact/signals";
import type { TargetedEvent } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { timeOfDay } from "../format";
import { errorText, t, tn } from "../i18n";
import type { ChatMessage } from "../protocol";
import { enterRoom, type Outgoing, type RoomView } from "../store/room";
import { user } from "../store/session";
import { BlockButton } from "./block-button";
import { LoginLink } from "./login-link";
import { personName } from "./person-name";

const NEAR_END_PX = 80;

interface Props {
  auctionId: number;
  /** Whether the viewer sells here: a seller may block who talks. */
  isSeller?: boolean;
}

export function Chat({ auctionId, isSeller = false }: Props) {
  return (
    <section class="panel chat">
      {user.value ? (
        <Room auctionId={auctionId} isSeller={isSeller} />
      ) : (
        <>
          <h2>{t("chat.title")}</h2>
          <LoginLink>{t("chat.login")}</LoginLink>
        </>
      )}
    </section>
  );
}

function Room({ auctionId, isSeller }: Required<Props>) {
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
      <Messages room={room} isSeller={isSeller} />
      <Writing room={room} />
    </>
  );
}

function Messages({ room, isSeller }: { room: RoomView; isSeller: boolean }) {
  const { box, onScroll } = useEndInSight(room);
  const isEmpty = room.messages.value.length + room.outgoing.value.length === 0;
  return (
    <div
      class="messages"
      role="log"
      aria-label={t("chat.title")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
      tabIndex={0}
      ref={box}
      onScroll={onScroll}
    >
      {isEmpty && <p class="quiet">{room.ready.value ? t("chat.empty") : t("chat.connecting")}</p>}
      {room.messages.value.map((message) => (
        <Message key={message.message_id} message={message} isSeller={isSeller} />
      ))}
      {room.outgoing.value.map((message) => (
        <OnItsWay key={message.key} message={message} onAgain={() => room.again(message.key)} />
      ))}
    </div>
  );
}

/**
 * Keeps the newest message in sight, unless its reader has scrolled back; what they say themselves
 * they always see.
 */
function useEndInSight(room: RoomView) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const newestOwn = useRef<string | undefined>(undefined);
  const last = useComputed(() => [
    room.messages.value.at(-1)?.seq,
    room.outgoing.value.at(-1)?.key,
  ]);
  useLayoutEffect(() => {
    const own = room.outgoing.peek().at(-1)?.key;
    const hasSpoken = own !== undefined && own !== newestOwn.current;
    newestOwn.current = own ?? newestOwn.current;
    if (!box.current || !(isAtEnd.current || hasSpoken)) return;
    box.current.scrollTop = box.current.scrollHeight;
    isAtEnd.current = true;
  }, [last.value]);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: ScrollEvent) => {
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  };
  return { box, onScroll };
}

type ScrollEvent = TargetedEvent<HTMLDivElement>;

function Message({ message, isSeller }: { message: ChatMessage; isSeller: boolean }) {
  const isOwn = message.sender.id === user.value?.id;
  return (
    <div class={isOwn ? "message own" : "message"} data-testid="message">
      <p class="quiet small">
        {personName(message.sender)} · <time dateTime={message.at}>{timeOfDay(message.at)}</time>
        {isSeller && !isOwn && <BlockButton person={message.sender} />}
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
