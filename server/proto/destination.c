/* Special addresses of the IP address space (IANA's registries). Pure; used by the fetch
 * helper. */
#include "proto/destination.h"

#include <string.h>

struct range {
	uint8_t prefix[16];
	uint8_t bits;
	enum tp_destination what;
};

/* The first that fits counts. */
static const struct range v4_ranges[] = {
	{ { 0 }, 8, TP_DESTINATION_UNSPECIFIED },
	{ { 127 }, 8, TP_DESTINATION_LOOPBACK },
	{ { 169, 254 }, 16, TP_DESTINATION_LINK_LOCAL },
	{ { 10 }, 8, TP_DESTINATION_PRIVATE },
	{ { 172, 16 }, 12, TP_DESTINATION_PRIVATE },
	{ { 192, 168 }, 16, TP_DESTINATION_PRIVATE },
	{ { 100, 64 }, 10, TP_DESTINATION_PRIVATE },
	{ { 198, 18 }, 15, TP_DESTINATION_PRIVATE },
	{ { 192, 0, 0 }, 24, TP_DESTINATION_RESERVED },
	{ { 224 }, 4, TP_DESTINATION_MULTICAST },
	{ { 255, 255, 255, 255 }, 32, TP_DESTINATION_MULTICAST },
	{ { 240 }, 4, TP_DESTINATION_RESERVED },
};

static const struct range v6_ranges[] = {
	{ { 0 }, 128, TP_DESTINATION_UNSPECIFIED },
	{ { [15] = 1 }, 128, TP_DESTINATION_LOOPBACK },
	{ { 0xfe, 0x80 }, 10, TP_DESTINATION_LINK_LOCAL },
	{ { 0xfe, 0xc0 }, 10, TP_DESTINATION_PRIVATE },
	{ { 0xfc }, 7, TP_DESTINATION_PRIVATE },
	{ { 0xff }, 8, TP_DESTINATION_MULTICAST },
	/* They carry IPv4 addresses where nobody outside can tell: a network's own NAT64
	 * (RFC 8215), Teredo. */
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, TP_DESTINATION_RESERVED },
	{ { 0x20, 0x01 }, 32, TP_DESTINATION_RESERVED },
};

/* IPv6 networks that carry an IPv4 address, and at which byte. */
static const struct {
	uint8_t prefix[12];
	uint8_t bits;
	uint8_t at;
} carriers[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96, 12 },           /* mapped */
	{ { [8] = 0xff, [9] = 0xff }, 96, 12 },             /* translated, RFC 2765 */
	{ { 0, 0x64, 0xff, 0x9b }, 96, 12 },                /* NAT64 */
	{ { 0x20, 0x02 }, 16, 2 },                          /* 6to4 */
};

static bool within(const uint8_t *ip, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (memcmp(ip, prefix, whole) != 0)
		return false;
	return bits % 8 == 0 || ((ip[whole] ^ prefix[whole]) & mask) == 0;
}

static enum tp_destination look_up(const struct range *ranges, size_t count, const uint8_t *ip)
{
	for (size_t i = 0; i < count; i++)
		if (within(ip, ranges[i].prefix, ranges[i].bits))
			return ranges[i].what;
	return TP_DESTINATION_PUBLIC;
}

static enum tp_destination of_v4(const uint8_t *ip)
{
	return look_up(v4_ranges, sizeof(v4_ranges) / sizeof(v4_ranges[0]), ip);
}

enum tp_destination tp_destination_of(const struct tp_addr *address)
{
	enum tp_destination d;

	if (address->family == TP_ADDR_V4)
		return of_v4(address->ip);
	if (address->family != TP_ADDR_V6)
		return TP_DESTINATION_UNSPECIFIED;
	d = look_up(v6_ranges, sizeof(v6_ranges) / sizeof(v6_ranges[0]), address->ip);
	for (size_t i = 0; d == TP_DESTINATION_PUBLIC && i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (within(address->ip, carriers[i].prefix, carriers[i].bits))
			return of_v4(address->ip + carriers[i].at);
	/* IPv4-compatible (RFC 4291 section 2.5.5.1), long out of use. */
	return d == TP_DESTINATION_PUBLIC && address->ip[0] == 0 && address->ip[1] == 0
		       ? TP_DESTINATION_RESERVED
		       : d;
}

const char *tp_destination_text(enum tp_destination d)
{
	static const char *const texts[] = {
		"a public address",      "an address of a private network", "a loopback address",
		"a link-local address",  "an unspecified address",          "a multicast address",
		"a reserved address",
	};

	return texts[d];
}
