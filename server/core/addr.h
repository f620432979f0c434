/* An IP address with a port, as a value. No I/O: conversion to sockets is in os/.
 * Used by every process. */
#ifndef TP_CORE_ADDR_H
#define TP_CORE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

enum tp_addr_family { TP_ADDR_NONE = 0, TP_ADDR_V4 = 4, TP_ADDR_V6 = 6 };

enum {
	TP_ADDR_IP_TEXT = 46,                        /* bytes with NUL */
	TP_ADDR_TEXT = TP_ADDR_IP_TEXT + 2 + 6 + 1, /* [v6]:port with NUL */
};

/* Bytes of ip behind the family's length are zero, so values compare as bytes. */
struct tp_addr {
	uint8_t family;  /* enum tp_addr_family */
	uint8_t ip[16];  /* network order; v4 in the first four */
	uint16_t port;   /* host order; 0 = none */
};

bool tp_addr_is_set(const struct tp_addr *a);
bool tp_addr_equal(const struct tp_addr *a, const struct tp_addr *b);
bool tp_addr_equal_ip(const struct tp_addr *a, const struct tp_addr *b);
bool tp_addr_is_wildcard(const struct tp_addr *a);
bool tp_addr_is_loopback(const struct tp_addr *a);

/* "192.0.2.1", "2001:db8::1" or "[2001:db8::1]" into *out with `port`.
 * Numbers only; zone identifiers are refused. V4-mapped v6 becomes v4. */
TP_NODISCARD enum tp_err tp_addr_parse_ip(struct tp_span text, uint16_t port, struct tp_addr *out);
/* "192.0.2.1", "192.0.2.1:5060", "[2001:db8::1]:5060"; without a port: port 0. */
TP_NODISCARD enum tp_err tp_addr_parse(struct tp_span text, struct tp_addr *out);

/* Both return buf. IPv6 goes into brackets in _write, not in _write_ip. */
char *tp_addr_write_ip(const struct tp_addr *a, char buf[TP_ADDR_IP_TEXT]);
char *tp_addr_write(const struct tp_addr *a, char buf[TP_ADDR_TEXT]);

#endif
