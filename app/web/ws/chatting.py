"""Chat messages that clients send."""

from uuid import UUID

from app.domain.errors import UnknownFateError
from app.protocol import frames
from app.protocol.pushes import ChatReceived, ChatUnknown
from app.services.chat import Chat, ChatDraft
from app.web.ws.connection import Connection


class ChatFrames:
    """Hands messages to their use-case, and answers with what became of them."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def on_send(self, connection: Connection, frame: frames.ChatSend) -> None:
        """Append the message; answer once Kafka has it, or when it is not known whether it has."""
        draft = ChatDraft(
            sender_id=connection.signed_in().user_id,
            room_id=frame.room_id,
            text=frame.text,
            key=frame.key,
        )

        def done(result: UUID | UnknownFateError) -> None:
            if isinstance(result, UnknownFateError):
                connection.answer(ChatUnknown(re=frame.id, key=frame.key))
                return
            connection.answer(
                ChatReceived(
                    re=frame.id, message_id=str(result), room_id=frame.room_id, key=frame.key
                )
            )

        self._chat.send_soon(draft, done)
