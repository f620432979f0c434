/* Cookies of known browsers (OWASP "device cookies"): a browser that has logged in to an
 * account gets one, signed with a key of the appliance. Its later attempts at that
 * account wait in a queue of their own, so that strangers who guess cannot keep its
 * owner out. It opens nothing by itself, and ends with the account's password. Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_DEVICE_H
#define TP_ADMIN_ACCOUNT_DEVICE_H

#include <stdint.h>

#include "core/err.h"

#define TP_DEVICE_COOKIE "__Host-turnpike-device"

enum {
	TP_DEVICE_KEY = 32,
	TP_DEVICE_ID = 16,
	TP_DEVICE_VALUE_MAX = 511, /* bytes of the cookie's value */
	TP_DEVICE_DAYS = 90,
};

/* What a cookie says. password_ms: when the account's password was set; 0 where it is
 * kept elsewhere. */
struct tp_device {
	const char *account;
	uint64_t password_ms;
	uint64_t issued_ms; /* Unix time */
	uint8_t id[TP_DEVICE_ID];
};

/* The cookie's value. TP_LIMIT: the account's name is too long. */
TP_NODISCARD enum tp_err tp_device_write(const uint8_t key[TP_DEVICE_KEY], const struct tp_device *device,
					 char value[TP_DEVICE_VALUE_MAX + 1]);
/* Reads the Cookie header of a request. In: account and password_ms. TP_OK: it holds a
 * cookie of ours for exactly these that is not too old, and id and issued_ms are set;
 * else TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_device_find(const uint8_t key[TP_DEVICE_KEY], const char *header,
					uint64_t now_ms, struct tp_device *device);

#endif
