"""As much of LDAP's encoding as the tests send themselves (RFC 4511)."""


def ber(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def text(value, tag=4):
    return ber(tag, value if isinstance(value, bytes) else value.encode())


def message(number, operation):
    return ber(0x30, ber(2, bytes([number])), operation)


def attributes(values):
    return ber(0x30, *(ber(0x30, text(name), ber(0x31, *map(text, some))) for name, some in values.items()))
