/* turnpike-hash: derives password hashes by scrypt (RFC 7914), one after the other, until
 * its channel closes. Sees nothing but its channel. */
#include <openssl/evp.h>

#include "core/secret.h"
#include "ipc/helper.h"
#include "os/sandbox.h"

enum { SALT = 16, HASH = 32, LOG2_N_MOST = 20, PARAMETER_MOST = 16 };

#define MEMORY_MOST ((uint64_t)1 << 31)

static enum tp_err derive(const struct tp_msg_hash_ask *m, uint8_t out[HASH])
{
	if (m->salt_len != SALT || m->log2_n < 1 || m->log2_n > LOG2_N_MOST || !m->r ||
	    m->r > PARAMETER_MOST || !m->p || m->p > PARAMETER_MOST)
		return TP_FORMAT;
	return EVP_PBE_scrypt((const char *)m->password, m->password_len, m->salt, SALT,
			      (uint64_t)1 << m->log2_n, m->r, m->p, MEMORY_MOST, out, HASH) == 1
		       ? TP_OK
		       : TP_NOMEM;
}

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_msg_hash_ask asked;
	struct tp_msg_hash_made made = { 0 };
	enum tp_err err = tp_msg_hash_ask_read(&frame->body, &asked);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	made.err = (uint8_t)derive(&asked, made.hash);
	made.hash_len = made.err == TP_OK ? HASH : 0;
	tp_wipe(&asked, sizeof(asked));
	err = TP_CHANNEL_SEND(ch, hash_made, frame->request, &made);
	tp_wipe(&made, sizeof(made));
	return err == TP_OK ? TP_AGAIN : err;
}

/* OpenSSL reads its configuration and finds its algorithms. */
static enum tp_err warm_up(void)
{
	static const uint8_t salt[SALT];
	uint8_t out[HASH];

	return EVP_PBE_scrypt("", 0, salt, SALT, 2, 1, 1, MEMORY_MOST, out, HASH) == 1 ? TP_OK
										       : TP_NOMEM;
}

static enum tp_err confine(struct tp_diag *diag)
{
	return tp_sandbox_enter(&tp_sandbox_profile_hash, NULL, 0, diag);
}

int main(int argc, char **argv)
{
	static const struct tp_helper helper = {
		.self = TP_PROCESS_HASH, .warm_up = warm_up, .confine = confine, .answer = answer
	};

	return tp_helper_main(argc, argv, &helper);
}
