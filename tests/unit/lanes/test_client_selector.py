"""The selector of Kafka's clients: as the standard library's, but for the text of an error."""

import selectors
import socket

import pytest

from lanes.kafka.selector import ClientSelector


class SocketWithoutText(socket.socket):
    """A socket that must not be written into any text."""

    def __repr__(self) -> str:
        raise AssertionError("written into a text")


def test_an_unregistered_socket_raises_without_its_text() -> None:
    with ClientSelector() as selector, SocketWithoutText() as sock:
        with pytest.raises(KeyError):
            selector.get_key(sock)
        key = selector.register(sock, selectors.EVENT_READ, "data")
        assert selector.get_key(sock) is key
        selector.unregister(sock)
        with pytest.raises(KeyError):
            selector.get_key(sock)


def test_a_closed_socket_has_no_file_descriptor_to_look_up() -> None:
    with ClientSelector() as selector:
        sock = socket.socket()
        sock.close()
        with pytest.raises(ValueError, match="Invalid file"):
            selector.get_key(sock)
