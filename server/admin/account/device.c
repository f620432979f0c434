/* Cookies of known browsers. Runs in turnpike-admin's workers. */
#include "admin/account/device.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "core/secret.h"
#include "core/text.h"

enum { MAC = 32, STAMP = 8, BODY = TP_DEVICE_ID + STAMP, ALL = BODY + MAC, ACCOUNT_MAX = 127 };

static void put_be64(uint8_t out[STAMP], uint64_t v)
{
	for (int i = 0; i < STAMP; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t get_be64(const uint8_t in[STAMP])
{
	uint64_t v = 0;

	for (int i = 0; i < STAMP; i++)
		v = v << 8 | in[i];
	return v;
}

/* The name comes last: everything before it has a fixed length. */
static bool sign(const uint8_t key[TP_DEVICE_KEY], const struct tp_device *d, uint8_t mac[MAC])
{
	static const char purpose[] = "turnpike device cookie 1";
	uint8_t text[sizeof(purpose) + TP_DEVICE_ID + (size_t)2 * STAMP + ACCOUNT_MAX];
	size_t len = sizeof(purpose), name = strlen(d->account);
	unsigned mac_len = MAC;

	if (name > ACCOUNT_MAX)
		return false;
	memcpy(text, purpose, sizeof(purpose));
	memcpy(text + len, d->id, TP_DEVICE_ID);
	len += TP_DEVICE_ID;
	put_be64(text + len, d->issued_ms);
	put_be64(text + len + STAMP, d->password_ms);
	len += (size_t)2 * STAMP;
	memcpy(text + len, d->account, name);
	return HMAC(EVP_sha256(), key, TP_DEVICE_KEY, text, len + name, mac, &mac_len) != NULL;
}

enum tp_err tp_device_write(const uint8_t key[TP_DEVICE_KEY], const struct tp_device *d,
			    char value[TP_DEVICE_VALUE_MAX + 1])
{
	uint8_t all[ALL];
	char hex[2 * ALL + 1], name[2 * ACCOUNT_MAX + 1];

	memcpy(all, d->id, TP_DEVICE_ID);
	put_be64(all + TP_DEVICE_ID, d->issued_ms);
	if (!sign(key, d, all + BODY))
		return TP_LIMIT;
	tp_text_write_hex(name, (const uint8_t *)d->account, strlen(d->account));
	tp_text_write_hex(hex, all, ALL);
	snprintf(value, TP_DEVICE_VALUE_MAX + 1, "%s.%s", name, hex);
	return TP_OK;
}

static bool is_ours(const uint8_t key[TP_DEVICE_KEY], struct tp_span value, uint64_t now_ms,
		    struct tp_device *d)
{
	struct tp_span name = tp_span_split(&value, '.');
	char wanted[2 * ACCOUNT_MAX + 1];
	struct tp_device read = *d;
	uint8_t all[ALL], mac[MAC];

	if (strlen(d->account) > ACCOUNT_MAX || value.len != (size_t)2 * ALL ||
	    tp_text_parse_hex(value, all, ALL) != TP_OK)
		return false;
	tp_text_write_hex(wanted, (const uint8_t *)d->account, strlen(d->account));
	if (!tp_span_equal(name, tp_span_of(wanted)))
		return false;
	memcpy(read.id, all, TP_DEVICE_ID);
	read.issued_ms = get_be64(all + TP_DEVICE_ID);
	if (!sign(key, &read, mac) || !tp_equal_constant_time(mac, all + BODY, MAC))
		return false;
	/* Signed by us, but the clock may have been set back since. */
	if (read.issued_ms < now_ms && now_ms - read.issued_ms > TP_DEVICE_DAYS * UINT64_C(86400000))
		return false;
	*d = read;
	return true;
}

enum tp_err tp_device_find(const uint8_t key[TP_DEVICE_KEY], const char *header, uint64_t now_ms,
			   struct tp_device *d)
{
	struct tp_span rest = tp_span_of(header);

	while (rest.p) {
		struct tp_span value = tp_span_trim(tp_span_split(&rest, ';'));
		struct tp_span name = tp_span_split(&value, '=');

		if (tp_span_equal(name, TP_SPAN(TP_DEVICE_COOKIE)))
			return is_ours(key, value, now_ms, d) ? TP_OK : TP_NOTFOUND;
	}
	return TP_NOTFOUND;
}
