/* Codec and permission table made from messages.def. Used by every process. */
#include "ipc/messages.h"

#define TP_CODEC_DEF "ipc/messages.def"
#define TP_CODEC_NAME(n) tp_msg_##n
#include "core/codec/define.h"

#include "ipc/channel.h"

#define TP_MSG(n, id, from, to)                                   \
	void tp_msg_##n##_write_any(struct tp_wr *wr, const void *m) \
	{                                                         \
		tp_msg_##n##_write(wr, m);                        \
	}
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"

struct row {
	const char *name;
	uint16_t from; /* bit 1 << enum tp_process */
	uint16_t to;
};

enum {
	SUP = 1 << TP_PROCESS_SUP,
	ADMIN = 1 << TP_PROCESS_ADMIN,
	SIP = 1 << TP_PROCESS_SIP,
	MEDIA = 1 << TP_PROCESS_MEDIA,
	VALIDATE = 1 << TP_PROCESS_VALIDATE,
	KEYS = 1 << TP_PROCESS_KEYS,
	CRL = 1 << TP_PROCESS_CRL,
	FETCH = 1 << TP_PROCESS_FETCH,
	ACME = 1 << TP_PROCESS_ACME,
	HASH = 1 << TP_PROCESS_HASH,
	PAM = 1 << TP_PROCESS_PAM,
	LDAP = 1 << TP_PROCESS_LDAP,
};

static const struct row table[] = {
#define TP_MSG(n, id, from_, to_) [id] = { #n, (from_), (to_) },
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"
};

static const struct row *find(uint16_t type)
{
	if (type >= sizeof(table) / sizeof(table[0]) || !table[type].name)
		return NULL;
	return &table[type];
}

bool tp_msg_allowed(uint16_t type, enum tp_process from, enum tp_process to)
{
	const struct row *row = find(type);

	/* What passes on through the supervisor names it on both sides. */
	return row && from != to && (row->from >> from & 1) && (row->to >> to & 1);
}

const char *tp_msg_name(uint16_t type)
{
	const struct row *row = find(type);

	return row ? row->name : "unknown";
}

const char *tp_process_name(enum tp_process process)
{
	static const char *const names[TP_PROCESS_COUNT] = {
		"turnpiked",      "turnpike-admin",    "turnpike-sip",
		"turnpike-media", "turnpike-validate", "turnpike-keys",
		"turnpike-crl",   "turnpike-fetch",    "turnpike-acme",
		"turnpike-hash",  "turnpike-pam",      "turnpike-ldap",
	};

	return (unsigned)process < TP_PROCESS_COUNT ? names[process] : "unknown";
}
