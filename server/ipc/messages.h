/* The messages between processes, generated from messages.def. */
#ifndef TP_IPC_MESSAGES_H
#define TP_IPC_MESSAGES_H

#define TP_CODEC_DEF "ipc/messages.def"
#define TP_CODEC_NAME(n) tp_msg_##n
#include "core/codec/declare.h"
#undef TP_CODEC_DEF
#undef TP_CODEC_NAME

enum tp_process {
	TP_PROCESS_SUP = 0,
	TP_PROCESS_ADMIN = 1,
	TP_PROCESS_SIP = 2,
	TP_PROCESS_MEDIA = 3,
	TP_PROCESS_VALIDATE = 4,
	TP_PROCESS_KEYS = 5,
	TP_PROCESS_CRL = 6,
	TP_PROCESS_FETCH = 7,
	TP_PROCESS_ACME = 8,
	TP_PROCESS_HASH = 9,
	TP_PROCESS_PAM = 10,
	TP_PROCESS_LDAP = 11,
	TP_PROCESS_COUNT
};

/* "turnpiked", "turnpike-admin", ... */
const char *tp_process_name(enum tp_process process);

enum tp_msg_type {
#define TP_MSG(n, id, from, to) TP_MSG_TYPE_##n = id,
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"
};

/* Whether `from` may send a message of this type to `to`. False for unknown types. */
bool tp_msg_allowed(uint16_t type, enum tp_process from, enum tp_process to);
/* Name of a type for logs; "unknown" for others. */
const char *tp_msg_name(uint16_t type);

enum tp_media_leg_kind { TP_MEDIA_LEG_OFF = 0, TP_MEDIA_LEG_UDP = 1, TP_MEDIA_LEG_HOP = 2 };

enum tp_srtp_suite {
	TP_SRTP_NONE = 0,
	TP_SRTP_AES_CM_128_HMAC_SHA1_80 = 1,
	TP_SRTP_AES_CM_128_HMAC_SHA1_32 = 2,
	TP_SRTP_AES_256_CM_HMAC_SHA1_80 = 3,
	TP_SRTP_AES_256_CM_HMAC_SHA1_32 = 4,
	TP_SRTP_AEAD_AES_128_GCM = 5,
	TP_SRTP_AEAD_AES_256_GCM = 6,
};

/* What key_ask wants. */
enum tp_key_work {
	TP_KEY_WORK_REQUEST = 0,     /* a new key and a certificate signing request */
	TP_KEY_WORK_SELF_SIGNED = 1, /* a new key and a certificate signed with it */
	TP_KEY_WORK_OPEN_PKCS12 = 2,
	TP_KEY_WORK_OPEN_KEY = 3,
};
enum tp_key_type {
	TP_KEY_RSA_2048 = 0,
	TP_KEY_RSA_3072 = 1,
	TP_KEY_RSA_4096 = 2,
	TP_KEY_EC_P256 = 3,
	TP_KEY_EC_P384 = 4,
};

/* How an authority finds out that a name is ours (RFC 8555, RFC 8737). */
enum tp_acme_challenge {
	TP_ACME_HTTP_01 = 0,
	TP_ACME_DNS_01 = 1,
	TP_ACME_TLS_ALPN_01 = 2,
};

/* turnpike-access:access/ldap: how the connection is encrypted, whose revocation lists are
 * wanted, as whom the helper asks. */
enum tp_ldap_encryption { TP_LDAP_PLAIN = 0, TP_LDAP_STARTTLS = 1, TP_LDAP_LDAPS = 2 };
enum tp_ldap_bind {
	TP_LDAP_BIND_SERVICE = 0,  /* by a DN and a password, or by neither */
	TP_LDAP_BIND_USER = 1,     /* as the user, whose DN is made of a form */
	TP_LDAP_BIND_EXTERNAL = 2, /* by our certificate (SASL EXTERNAL) */
};

/* What came of a question to PAM or LDAP. */
enum tp_remote_result {
	TP_REMOTE_OK = 0,
	TP_REMOTE_REFUSED = 1,
	TP_REMOTE_EXPIRED = 2,	   /* the account or its password */
	TP_REMOTE_MUST_CHANGE = 3, /* the password, before anything else */
	TP_REMOTE_TOO_MANY = 4,	   /* tries */
	TP_REMOTE_UNAVAILABLE = 5, /* the source or a part of it does not work */
	TP_REMOTE_LATE = 6,
	TP_REMOTE_BUSY = 7,
};

enum tp_zone_type {
	TP_ZONE_DEFAULT = 0,
	TP_ZONE_TRAVERSAL_CLIENT = 1,
	TP_ZONE_TRAVERSAL_SERVER = 2,
	TP_ZONE_NEIGHBOR = 3,
};

enum tp_zone_state {
	TP_ZONE_STATE_DISABLED = 0,
	TP_ZONE_STATE_WAITING = 1,
	TP_ZONE_STATE_CONNECTING = 2,
	TP_ZONE_STATE_AUTHENTICATING = 3,
	TP_ZONE_STATE_UP = 4,
	TP_ZONE_STATE_FAILED = 5,
};

/* Of one step of the secure traversal test. */
enum tp_traversal_test_outcome {
	TP_TEST_OK = 0,
	TP_TEST_WARN = 1,
	TP_TEST_FAIL = 2,
	TP_TEST_NOT_REACHED = 3,
};

enum tp_transport { TP_TRANSPORT_UDP = 0, TP_TRANSPORT_TCP = 1, TP_TRANSPORT_TLS = 2 };

#endif
