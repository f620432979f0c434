/* The first-login secret. Runs in turnpiked. */
#include "supervisor/first_login.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "os/file.h"
#include "os/random.h"

enum {
	SECRET_BYTES = 15, /* 120 bits */
	LETTERS = 24,
	GROUP = 4,
	TEXT = LETTERS + LETTERS / GROUP, /* hyphens between the groups, line end */
	LOG2_N = 14,
	R = 8,
	P = 1,
};

static const char file[] = "first-login";

/* RFC 4648 base32: 15 bytes are 24 letters without padding. */
static void write_groups(const uint8_t secret[SECRET_BYTES], char text[TEXT])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t out = 0;

	for (size_t i = 0; i < LETTERS; i++) {
		size_t bit = i * 5;
		unsigned two = (unsigned)secret[bit / 8] << 8;

		if (bit / 8 + 1 < SECRET_BYTES)
			two |= secret[bit / 8 + 1];
		text[out++] = letters[two >> (11 - bit % 8) & 31];
		if (i % GROUP == GROUP - 1)
			text[out++] = i == LETTERS - 1 ? '\n' : '-';
	}
}

enum tp_err tp_first_login_make(int state_fd, struct tp_diag *diag)
{
	uint8_t secret[SECRET_BYTES];
	char text[TEXT];
	enum tp_err err;

	tp_random_bytes(secret, sizeof(secret));
	write_groups(secret, text);
	err = tp_file_write(state_fd, file, text, sizeof(text), 0600, diag);
	tp_wipe(secret, sizeof(secret));
	tp_wipe(text, sizeof(text));
	return err;
}

static size_t letters_only(char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if ((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '2' && text[i] <= '7'))
			text[n++] = text[i];
	return n;
}

static bool hash_letters(const char *letters, size_t len, struct tp_msg_first_login *hash)
{
	hash->log2_n = LOG2_N;
	hash->r = R;
	hash->p = P;
	hash->salt_len = sizeof(hash->salt);
	hash->hash_len = sizeof(hash->hash);
	tp_random_bytes(hash->salt, sizeof(hash->salt));
	return EVP_PBE_scrypt(letters, len, hash->salt, sizeof(hash->salt), 1u << LOG2_N, R, P,
			      64 << 20, hash->hash, sizeof(hash->hash)) == 1;
}

enum tp_err tp_first_login_load(int state_fd, struct tp_first_login *f, struct tp_diag *diag)
{
	void *bytes;
	size_t len;
	size_t letters;
	bool hashed;
	enum tp_err err = tp_file_read(state_fd, file, 256, &bytes, &len);

	f->open = false;
	if (err == TP_NOTFOUND)
		return TP_OK;
	if (err != TP_OK)
		return tp_fail(diag, err, file, "does not read (%s)", tp_err_name(err));
	letters = letters_only(bytes, len);
	hashed = letters == LETTERS && hash_letters(bytes, letters, &f->hash);
	tp_wipe(bytes, len);
	free(bytes);
	if (!hashed)
		return tp_fail(diag, TP_FORMAT, file, "holds no first-login secret");
	f->open = true;
	return TP_OK;
}

enum tp_err tp_first_login_end(int state_fd, struct tp_first_login *f)
{
	f->open = false;
	tp_wipe(&f->hash, sizeof(f->hash));
	return tp_file_remove(state_fd, file);
}
