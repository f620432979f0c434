/* Ordering a certificate by uacme. Runs in turnpike-acme. */
#include "order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secret.h"
#include "hook.h"
#include "os/file.h"

#define FOLDER "/proc/self/fd/4"

enum { LINES_MAX = 20000, TRUSTED_MAX = 8 << 20, CHAIN_MAX = 65535, END_MS = 10000 };

static const char *const challenges[] = { "http-01", "dns-01", "tls-alpn-01" };

/* ------------------------------------------------------------------------- folder */

static enum tp_err write_all(int dir, const char *name, const void *bytes, size_t len)
{
	return tp_file_write(dir, name, bytes, len, 0600, NULL);
}

static enum tp_err copy_trusted(int from)
{
	int to = openat(TP_ACME_FOLDER_FD, "trusted.pem", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t left = TRUSTED_MAX;
	char block[16384];
	ssize_t n = -1;

	if (to < 0)
		return TP_IO;
	while (left && (n = pread(from, block, sizeof(block), (off_t)(TRUSTED_MAX - left))) > 0) {
		if (write(to, block, (size_t)n) != n)
			break;
		left -= (size_t)n < left ? (size_t)n : left;
	}
	close(to);
	return n == 0 ? TP_OK : TP_IO;
}

static enum tp_err fill_folder(const struct tp_order *o, int trusted)
{
	int private = -1;
	enum tp_err err = tp_file_open_dir(TP_ACME_FOLDER_FD, "private", 0700, &private, NULL);

	if (err == TP_OK && o->asked.account_key_len)
		err = write_all(private, "key.pem", o->asked.account_key, o->asked.account_key_len);
	if (private >= 0)
		close(private);
	if (err == TP_OK)
		err = write_all(TP_ACME_FOLDER_FD, "order.pem", o->request, o->asked.request_pem_len);
	return err == TP_OK ? copy_trusted(trusted) : err;
}

/* ------------------------------------------------------------------------ failures */

static void end_it(struct tp_order *o, const char *why)
{
	if (!o->failed[0])
		tp_text_copy(o->failed, sizeof(o->failed), why);
}

static void answer_uacme(struct tp_order *o, bool accept)
{
	if (write(o->uacme.in, accept ? "y\n" : "n\n", 2) != 2)
		end_it(o, "The ACME client went away.");
}

/* --------------------------------------------------------------------------- proofs */

/* False: it ended badly. */
static bool show_by_hook(struct tp_order *o)
{
	struct tp_order_proof *p = &o->proofs[o->proof_count];
	struct tp_diag diag = { 0 };

	if (o->proof_count == TP_ORDER_PROOFS_MAX) {
		end_it(o, "The server wants more proofs than an order may have.");
		return false;
	}
	tp_text_copy(p->name, sizeof(p->name), o->said.name);
	tp_text_copy(p->value, sizeof(p->value), o->said.proof);
	o->proof_count++;
	if (tp_hook_run(o->asked.hook, "begin", p->name, p->value, &diag) == TP_OK)
		return true;
	end_it(o, diag.text);
	return false;
}

static void clean_up_by_hook(struct tp_order *o, bool good)
{
	for (size_t i = 0; i < o->proof_count; i++)
		if (tp_hook_run(o->asked.hook, good ? "done" : "failed", o->proofs[i].name,
				o->proofs[i].value, NULL) != TP_OK)
			continue; /* what stays in the DNS does no harm */
	o->proof_count = 0;
}

/* -------------------------------------------------------------------------- talking */

/* Until it asks about a challenge of our kind (TP_AGAIN) or has said all (TP_OK). */
static enum tp_err listen_to(struct tp_order *o)
{
	unsigned lines = 0;
	char line[4096];
	enum tp_err err = TP_OK;

	while (!o->failed[0] && (err = tp_program_read_line(&o->uacme, line, sizeof(line),
							    o->until_ms)) == TP_OK) {
		enum tp_heard heard = tp_conversation_hear(&o->said, line);

		if (heard == TP_HEARD_UNTRUSTED)
			end_it(o, "The certificate of the directory's server is not one that a trusted "
				  "authority vouches for.");
		if (++lines > LINES_MAX)
			end_it(o, "The ACME client says too much.");
		if (heard != TP_HEARD_CHALLENGE)
			continue;
		if (strcmp(o->said.type, challenges[o->asked.challenge]) != 0)
			answer_uacme(o, false);
		else if (o->asked.challenge != TP_ACME_DNS_01)
			return TP_AGAIN;
		else if (show_by_hook(o))
			answer_uacme(o, true);
	}
	if (err == TP_LIMIT)
		end_it(o, "The order took too long.");
	return TP_OK;
}

/* The exit status; -1 when it was ended. */
static int finish(struct tp_order *o)
{
	o->running = false;
	return tp_program_end(&o->uacme, o->failed[0] ? 0 : tp_program_now_ms() + END_MS);
}

static const char *const common[] = { "/usr/bin/uacme", "-c", FOLDER, "-o", "-t", "EC", "-a" };
enum { COMMON = sizeof(common) / sizeof(common[0]) };

/* Where other programs of the machine cannot read it, as they can arguments. */
static bool write_binding(struct tp_order *o)
{
	char binding[1300];
	int len = snprintf(binding, sizeof(binding), "%s:%.*s", o->asked.eab_id, (int)o->asked.eab_key_len,
			   (const char *)o->asked.eab_key);
	bool done = len > 0 && (size_t)len < sizeof(binding) &&
		    write_all(TP_ACME_FOLDER_FD, "binding", binding, (size_t)len) == TP_OK;

	tp_wipe(binding, sizeof(binding));
	if (!done)
		end_it(o, "The key of the external account cannot be handed over.");
	return done;
}

/* A new account. False: failed, or the server's words say why not. */
static bool make_account(struct tp_order *o)
{
	const char *argv[COMMON + 8];
	size_t n = COMMON;
	int status;

	memcpy(argv, common, sizeof(common));
	argv[n++] = o->asked.directory;
	argv[n++] = "-y";
	if (o->asked.eab_id[0]) {
		if (!write_binding(o))
			return false;
		argv[n++] = "-e";
		argv[n++] = TP_ACME_BINDING;
	}
	argv[n++] = "new";
	if (o->asked.contact[0])
		argv[n++] = o->asked.contact;
	argv[n] = NULL;
	status = -1;
	if (tp_program_start(TP_PROGRAM_UACME, argv, &o->uacme) != TP_OK) {
		end_it(o, "The ACME client cannot be started.");
	} else {
		/* A new account is asked nothing. */
		if (listen_to(o) == TP_AGAIN)
			end_it(o, "The ACME client asks what it should not.");
		status = finish(o);
	}
	unlinkat(TP_ACME_FOLDER_FD, "binding", 0);
	return status == 0;
}

static enum tp_err start_order(struct tp_order *o)
{
	const char *argv[COMMON + 4];

	memcpy(argv, common, sizeof(common));
	argv[COMMON] = o->asked.directory;
	argv[COMMON + 1] = "issue";
	argv[COMMON + 2] = FOLDER "/order.pem";
	argv[COMMON + 3] = NULL;
	return tp_program_start(TP_PROGRAM_UACME, argv, &o->uacme);
}

/* --------------------------------------------------------------------------- results */

static void take_account(struct tp_msg_acme_done *out)
{
	int private = -1;
	void *key = NULL;
	size_t len = 0;

	if (tp_file_open_dir(TP_ACME_FOLDER_FD, "private", 0700, &private, NULL) != TP_OK)
		return;
	if (tp_file_read(private, "key.pem", sizeof(out->account_key), &key, &len) == TP_OK) {
		memcpy(out->account_key, key, len);
		out->account_key_len = (uint16_t)len;
		tp_wipe(key, len);
	}
	free(key);
	close(private);
}

static enum tp_err tell(struct tp_order *o, bool good, struct tp_msg_acme_done *out)
{
	void *chain = NULL;
	size_t len = 0;

	if (good && tp_file_read(TP_ACME_FOLDER_FD, "order-cert.pem", CHAIN_MAX, &chain, &len) != TP_OK)
		good = false;
	clean_up_by_hook(o, good);
	out->err = good ? TP_OK : TP_DENIED;
	out->chain_pem = chain;
	out->chain_pem_len = (uint32_t)len;
	out->account_unknown = o->said.account_unknown;
	if (!good && o->failed[0])
		tp_text_copy(out->text, sizeof(out->text), o->failed);
	else if (!good)
		tp_conversation_why(&o->said, out->text, sizeof(out->text));
	return TP_OK;
}

static enum tp_err go_on(struct tp_order *o, struct tp_msg_acme_done *out)
{
	if (listen_to(o) == TP_AGAIN)
		return TP_AGAIN;
	return tell(o, finish(o) == 0, out);
}

enum tp_err tp_order_begin(struct tp_order *o, const struct tp_msg_acme_do *asked, int trusted,
			   struct tp_msg_acme_done *out)
{
	o->asked = *asked;
	o->until_ms = tp_program_now_ms() + TP_ORDER_MS;
	o->request = malloc(asked->request_pem_len + 1);
	o->proofs = calloc(TP_ORDER_PROOFS_MAX, sizeof(*o->proofs));
	if (!o->request || !o->proofs)
		return TP_NOMEM;
	memcpy(o->request, asked->request_pem, asked->request_pem_len);
	if (fill_folder(o, trusted) != TP_OK)
		end_it(o, "The folder of the order cannot be filled.");
	if (o->failed[0] || (!asked->account_key_len && !make_account(o)))
		return tell(o, false, out);
	take_account(out);
	if (start_order(o) != TP_OK) {
		end_it(o, "The ACME client cannot be started.");
		return tell(o, false, out);
	}
	o->running = true;
	return go_on(o, out);
}

enum tp_err tp_order_go_on(struct tp_order *o, bool shown, struct tp_msg_acme_done *out)
{
	if (!o->running)
		return TP_STATE;
	/* Told once more: the first answer may not have been the last. */
	take_account(out);
	if (shown)
		answer_uacme(o, true);
	else
		end_it(o, "The proof cannot be shown: its port cannot be opened.");
	return go_on(o, out);
}

void tp_order_fini(struct tp_order *o)
{
	if (o->running)
		tp_program_end(&o->uacme, 0);
	tp_wipe(&o->asked, sizeof(o->asked));
	free(o->request);
	free(o->proofs);
}
