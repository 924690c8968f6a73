"""The relay between two sockets: what one side writes is what the other reads, ends included."""

from __future__ import annotations

import asyncio
import os

import pytest
from websockets.frames import Opcode

from sim_core.bedside.happenings import Ended, Knocked, Opened, Passed, TurnedAway, Unreadable
from sim_core.bedside.passage import CannotInsertError
from sim_core.traces.frames import Side
from tests.bedside.streams import REQUEST, SWITCHED, Writer, scene


async def test_a_request_comes_as_it_was_but_for_the_address() -> None:
    async with scene() as at:
        await at.charger()
        csms = await at.csms()
        host = f"127.0.0.1:{at.csms_port}".encode()
        assert await csms.head() == REQUEST.replace(b"relay.example:9000", host)
        (knocked,) = await at.told_of(Knocked)
        assert isinstance(knocked, Knocked)
        assert knocked.charge_point_id == "CP 01"
        assert knocked.offers == ("ocpp1.6", "ocpp2.0.1")


async def test_the_id_goes_behind_the_path_of_the_url() -> None:
    async with scene("/ocpp") as at:
        await at.charger()
        csms = await at.csms()
        assert (await csms.head()).startswith(b"GET /ocpp/CP%2001?a=1 HTTP/1.1\r\n")


async def test_the_answer_comes_as_it_was() -> None:
    async with scene() as at:
        charger = await at.charger()
        csms = await at.csms()
        await csms.head()
        csms.send(SWITCHED + b"X-Own: 1\r\n\r\n")
        assert await charger.head() == SWITCHED + b"X-Own: 1\r\n\r\n"
        (opened,) = await at.told_of(Opened)
        assert isinstance(opened, Opened)
        assert opened.subprotocol == "ocpp1.6"


@pytest.mark.parametrize(
    "data",
    [
        Writer(masks=True).message(b'[2,"1","Heartbeat",{}]'),
        Writer(masks=True).message(b"", fragments=1),
        Writer(masks=True).message(b"\xff\xfe", opcode=Opcode.TEXT),
        Writer(masks=True).message(os.urandom(300), opcode=Opcode.BINARY, fragments=7),
        Writer(masks=True).control(Opcode.PING, b"are you there"),
        Writer(masks=True).message(b"x" * 3_000_000),
        b"\x83\x00no frame at all" + os.urandom(10_000),
        b"\xc1\x05\xff\xff\xff\xff\xff",
    ],
    ids=["call", "empty", "no utf-8", "binary", "ping", "huge", "no frame", "no deflate"],
)
async def test_bytes_of_any_shape_pass_both_ways(data: bytes) -> None:
    async with scene() as at:
        charger, csms = await at.both()
        charger.send(data)
        csms.send(data)
        assert await csms.exactly(len(data)) == data
        assert await charger.exactly(len(data)) == data


async def test_a_byte_passes_before_the_frame_is_whole() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        for byte in Writer(masks=True).message(b"[3]"):
            charger.send(bytes([byte]))
            assert await csms.exactly(1) == bytes([byte])


async def test_what_is_compressed_passes_as_it_is_and_is_read() -> None:
    async with scene() as at:
        writer = Writer(masks=True, deflates=True)
        charger, csms = await at.both(b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
        data = writer.message(b'[2,"1","Heartbeat",{}]') + writer.message(b'[2,"2","Heartbeat",{}]')
        charger.send(data)
        assert await csms.exactly(len(data)) == data
        passed = await at.told_of(Passed, 2)
        contents = [one.message.content for one in passed if isinstance(one, Passed)]
        assert contents == [b'[2,"1","Heartbeat",{}]', b'[2,"2","Heartbeat",{}]']


async def test_what_is_no_websocket_is_said_and_passes() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        csms.send(b"\x83\x00")
        assert await charger.exactly(2) == b"\x83\x00"
        (said,) = await at.told_of(Unreadable)
        assert isinstance(said, Unreadable)
        assert said.sent_by is Side.CSMS


async def test_frames_that_come_with_the_heads_are_not_lost() -> None:
    async with scene() as at:
        frame = Writer(masks=True).message(b"early")
        charger = await at.charger(REQUEST + frame)
        csms = await at.csms()
        await csms.head()
        own = Writer(masks=False).message(b"at once")
        csms.send(SWITCHED + b"\r\n" + own)
        assert await csms.exactly(len(frame)) == frame
        await charger.head()
        assert await charger.exactly(len(own)) == own
        told = [one.message.content for one in await at.told_of(Passed, 2)]  # type: ignore[attr-defined]
        assert sorted(told) == [b"at once", b"early"]


# -- ends ------------------------------------------------------------------------------------------


async def test_a_close_frame_passes_with_its_code_and_reason() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        close = Writer(masks=False).control(Opcode.CLOSE, (1008).to_bytes(2, "big") + b"not you")
        csms.send(close)
        assert await charger.exactly(len(close)) == close
        csms.writer.close()
        assert await charger.rest() == b""
        (ended,) = await _ended(at, charger)
        assert ended.why == "the CSMS closed the WebSocket over its policy with 1008 (not you)"
        assert ended.by is Side.CSMS


async def test_a_side_that_ends_its_stream_still_hears_the_other() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        charger.writer.write_eof()
        assert await csms.rest() == b""
        csms.send(b"\x81\x02hi")
        assert await charger.exactly(4) == b"\x81\x02hi"


async def test_a_side_that_ends_without_a_close_frame_ends_the_other_so() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        charger.send(b"\x81\x82aaaabb")
        charger.writer.close()
        assert await csms.rest() == b"\x81\x82aaaabb"
        csms.writer.close()
        (ended,) = await at.told_of(Ended)
        assert isinstance(ended, Ended)
        assert ended.why == "the charger ended the connection without a close frame"


@pytest.mark.parametrize("side", list(Side))
async def test_a_reset_is_passed_on_as_a_reset(side: Side) -> None:
    async with scene() as at:
        charger, csms = await at.both()
        one, other = (charger, csms) if side is Side.CHARGER else (csms, charger)
        one.reset()
        with pytest.raises(ConnectionResetError):
            await other.rest()
        (ended,) = await at.told_of(Ended)
        assert isinstance(ended, Ended)
        assert ended.why.endswith("cut the connection off")
        assert ended.by is side


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"404 Not Found", b"302 Found"])
async def test_a_refusal_comes_with_its_status_and_its_words(status: bytes) -> None:
    async with scene() as at:
        charger = await at.charger()
        csms = await at.csms()
        await csms.head()
        answer = b"HTTP/1.1 " + status + b"\r\nX-Why: so\r\nContent-Length: 3\r\n\r\nno!"
        csms.send(answer)
        csms.writer.close()
        assert await charger.rest() == answer
        charger.writer.close()
        (ended,) = await at.told_of(Ended)
        assert isinstance(ended, Ended)
        assert ended.why == f"the CSMS refuses it: HTTP {status.decode()}"
        assert not ended.was_open


async def test_where_no_csms_is_reached_the_charger_is_cut_off() -> None:
    async with scene(explain=lambda error: type(error).__name__) as at:
        at.relay.way = type(at.relay.way)(type(at.relay.way.place)("127.0.0.1", 1, False))
        charger = await at.charger()
        with pytest.raises(ConnectionResetError):
            await charger.rest()
        (ended,) = await at.told_of(Ended)
        assert isinstance(ended, Ended)
        assert ended.why == "the CSMS is not reached: ConnectionRefusedError"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "it asks over plain HTTP for a page"),
        (b"POST /ocpp HTTP/1.1\r\n\r\n", "it asks 'POST /ocpp HTTP/1.1', and OCPP-J begins"),
        (b"<soap:Envelope>\r\n\r\n", "it sends what is no HTTP request"),
        (b"\x00\x01\n\x02" * 9, "it sends what is no HTTP request"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000, "its request is longer than any charger's"),
    ],
)
async def test_who_is_no_charger_is_told_so(request_: bytes, why: str) -> None:
    async with scene() as at:
        visitor = await at.charger(request_)
        assert (await visitor.rest()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        (said,) = await at.told_of(TurnedAway)
        assert isinstance(said, TurnedAway)
        assert said.why.startswith(why)
        charger, csms = await at.both()  # and the next one gets through
        charger.send(b"\x89\x80aaaa")
        assert await csms.exactly(6) == b"\x89\x80aaaa"


async def test_tls_on_a_plain_port_is_explained() -> None:
    async with scene() as at:
        visitor = await at.charger(b"\x16\x03\x01\x02\x00\x01\x00")
        assert await visitor.rest() == b""
        (said,) = await at.told_of(TurnedAway)
        assert isinstance(said, TurnedAway)
        assert "--listen-cert" in said.why


async def test_a_charger_that_goes_before_the_csms_has_answered_leaves_nothing_open() -> None:
    async with scene() as at:
        charger = await at.charger()
        csms = await at.csms()
        await csms.head()
        charger.reset()
        with pytest.raises(ConnectionResetError):
            await csms.rest()
        await at.told_of(Ended)


async def test_the_end_of_the_relay_is_told_in_the_words_of_websocket() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        await at.relay.stop()
        assert await charger.rest() == b"\x88\x10\x03\xe9the relay ends"
        assert (await csms.rest())[:2] == b"\x88\x90"


# -- pressure --------------------------------------------------------------------------------------


async def test_a_side_that_does_not_read_lets_the_other_wait() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        chunk = bytes(1024 * 1024)
        charger.writer.transport.set_write_buffer_limits(high=0)  # type: ignore[attr-defined]
        sent = 0
        while sent < 256:
            charger.send(chunk)
            sent += 1
            try:
                await asyncio.wait_for(charger.writer.drain(), 0.5)
            except asyncio.TimeoutError:
                break
        assert sent < 100  # what lies between is what sockets hold
        assert len(await csms.exactly(sent * len(chunk))) == sent * len(chunk)


# -- commands of ours ------------------------------------------------------------------------------

COMMAND = '[2,"cf-1","Reset",{"type":"Soft"}]'
ANSWER = b'[3,"cf-1",{"status":"Accepted"}]'


@pytest.mark.parametrize("deflates", [False, True])
async def test_a_command_of_ours_reaches_the_charger_and_its_answer_only_us(deflates: bool) -> None:
    async with scene() as at:
        extensions = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflates else b""
        charger, csms = await at.both(extensions)
        own, theirs = Writer(masks=True, deflates=deflates), Writer(masks=False)
        at.relay.ask(1, "cf-1", COMMAND)
        command = theirs.message(COMMAND.encode())
        assert await charger.exactly(len(command)) == command
        before = own.message(b'[2,"9","Heartbeat",{}]')
        charger.send(before + own.message(ANSWER) + own.message(b'[2,"10","Heartbeat",{}]'))
        assert await csms.exactly(len(before)) == before
        after = Writer(masks=True).message(b'[2,"10","Heartbeat",{}]')
        assert len(await csms.exactly(len(after))) == len(after)
        passed = [one for one in await at.told_of(Passed, 4) if isinstance(one, Passed)]
        ours = [one.message.content for one in passed if one.ours]
        assert ours == [COMMAND.encode(), ANSWER]
        assert [one.ours for one in passed] == [True, False, True, False]


async def test_a_command_waits_for_the_end_of_a_message_of_the_csms() -> None:
    async with scene() as at:
        charger, csms = await at.both()
        message = Writer(masks=False).message(b'[2,"1","GetConfiguration",{}]')
        csms.send(message[:10])
        assert await charger.exactly(10) == message[:10]
        at.relay.ask(1, "cf-1", COMMAND)
        csms.send(message[10:] + message)
        command = Writer(masks=False).message(COMMAND.encode())
        expected = message[10:] + command + message
        assert await charger.exactly(len(expected)) == expected


async def test_without_a_charger_there_is_nobody_to_ask() -> None:
    async with scene() as at:
        with pytest.raises(CannotInsertError, match="the charger is not connected"):
            at.relay.ask(1, "cf-1", COMMAND)


async def _ended(at, charger):  # type: ignore[no-untyped-def]
    charger.writer.close()
    return await at.told_of(Ended)
