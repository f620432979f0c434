/* One run of the certificate check: what is given, the search, policies, the name, the
 * answer. Used by sip, admin and turnpikectl. */
#include "tls/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "tls/check_internal.h"

bool tp_check_refuse(struct tp_check_failure *why, int error, unsigned depth, X509 *x, const char *fmt, ...)
{
	va_list ap;

	why->error = error;
	why->depth = depth;
	why->x = x;
	va_start(ap, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(why->reason, sizeof(why->reason), fmt, ap);
	va_end(ap);
	return false;
}

/* ----------------------------------------------------------------------- policies */

static void keep_policies(const X509_POLICY_TREE *tree, struct tp_tls_checked *out)
{
	const STACK_OF(X509_POLICY_NODE) *nodes = X509_policy_tree_get0_user_policies(tree);

	out->policy_count = 0;
	for (int i = 0; i < sk_X509_POLICY_NODE_num(nodes) && out->policy_count < TP_TLS_CHECK_POLICIES_MAX; i++) {
		const ASN1_OBJECT *policy = X509_policy_node_get0_policy(sk_X509_POLICY_NODE_value(nodes, i));

		OBJ_obj2txt(out->policies[out->policy_count++], sizeof(out->policies[0]), policy, 1);
	}
}

static STACK_OF(X509) *stack_of(const struct tp_check_run *run, const struct tp_check_path *path)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (unsigned i = 0; stack && i < path->length; i++) {
		X509 *x = run->all[path->certs[i]].x;

		if (!X509_up_ref(x))
			continue;
		if (sk_X509_push(stack, x) <= 0)
			X509_free(x);
	}
	if (sk_X509_num(stack) == (int)path->length)
		return stack;
	sk_X509_pop_free(stack, X509_free);
	return NULL;
}

static bool policies_hold(struct tp_check_run *run, const struct tp_check_path *path,
			  struct tp_tls_checked *out, struct tp_check_failure *why)
{
	const struct tp_tls_check *want = run->want;
	STACK_OF(ASN1_OBJECT) *any = sk_ASN1_OBJECT_new_null();
	STACK_OF(X509) *chain = stack_of(run, path);
	X509_POLICY_TREE *tree = NULL;
	int explicit_policy = 0;
	unsigned flags = 0;
	int result;

	if (want->require_explicit_policy)
		flags |= X509_V_FLAG_EXPLICIT_POLICY;
	if (want->inhibit_policy_mapping)
		flags |= X509_V_FLAG_INHIBIT_MAP;
	if (want->inhibit_any_policy)
		flags |= X509_V_FLAG_INHIBIT_ANY;
	/* Without a set of its own OpenSSL takes none for valid instead of any. */
	if (sk_ASN1_OBJECT_num(want->policies) <= 0 && any)
		sk_ASN1_OBJECT_push(any, OBJ_nid2obj(NID_any_policy));
	result = chain && any ? X509_policy_check(&tree, &explicit_policy, chain,
						  sk_ASN1_OBJECT_num(any) > 0 ? any : want->policies, flags)
			      : X509_PCY_TREE_INTERNAL;
	if (result == X509_PCY_TREE_VALID)
		keep_policies(tree, out);
	X509_policy_tree_free(tree);
	sk_X509_pop_free(chain, X509_free);
	sk_ASN1_OBJECT_free(any);
	ERR_clear_error();
	if (result == X509_PCY_TREE_VALID)
		return true;
	if (result == X509_PCY_TREE_FAILURE)
		return tp_check_refuse(why, X509_V_ERR_NO_EXPLICIT_POLICY, 0, want->leaf,
				       "no certificate policy that is asked for is valid for the whole path");
	if (result == X509_PCY_TREE_INVALID)
		return tp_check_refuse(why, X509_V_ERR_INVALID_POLICY_EXTENSION, 0, want->leaf,
				       "a certificate policy extension in the path is not valid");
	return tp_check_refuse(why, X509_V_ERR_OUT_OF_MEM, 0, want->leaf,
			       "certificate policies cannot be checked");
}

/* ------------------------------------------------------------------------ the run */

static bool judge(struct tp_check_run *run, const struct tp_check_path *path, void *arg,
		  struct tp_check_failure *why)
{
	return tp_check_path_valid(run, path, true, why) && policies_hold(run, path, arg, why) &&
	       (!run->want->check_crls || tp_check_crls(run, path, why));
}

static bool is_anchor(const struct tp_tls_check *check, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(check->anchors); i++)
		if (X509_cmp(sk_X509_value(check->anchors, i), x) == 0)
			return true;
	return false;
}

/* The leaf, the anchors, then the others that are not anchors. */
static enum tp_err gather(struct tp_check_run *run)
{
	const struct tp_tls_check *want = run->want;
	int anchors = sk_X509_num(want->anchors) > 0 ? sk_X509_num(want->anchors) : 0;
	int others = sk_X509_num(want->others) > 0 ? sk_X509_num(want->others) : 0;

	if (anchors > TP_TLS_TRUSTED_MAX || others > TP_TLS_CHECK_OTHERS_MAX)
		return TP_LIMIT;
	run->all = calloc(1 + (size_t)anchors + (size_t)others, sizeof(*run->all));
	if (!run->all)
		return TP_NOMEM;
	run->all[run->count++] = (struct tp_check_cert){ .x = want->leaf, .anchor = is_anchor(want, want->leaf) };
	for (int i = 0; i < anchors; i++)
		run->all[run->count++] =
			(struct tp_check_cert){ .x = sk_X509_value(want->anchors, i), .anchor = true };
	for (int i = 0; i < others; i++)
		if (!is_anchor(want, sk_X509_value(want->others, i)))
			run->all[run->count++] = (struct tp_check_cert){ .x = sk_X509_value(want->others, i) };
	return want->check_crls ? tp_check_crls_read(run) : TP_OK;
}

static void run_fini(struct tp_check_run *run)
{
	tp_check_crls_fini(run);
	for (unsigned i = 0; i < run->count; i++)
		tp_check_cert_fini(&run->all[i]);
	free(run->all);
	free(run);
}

static bool name_holds(const struct tp_tls_check *want, struct tp_check_failure *why)
{
	char reason[TP_TLS_REASON_MAX + 1] = "";
	bool ok;

	if (!want->name || !want->name[0])
		return true;
	ok = want->purpose == TP_TLS_PURPOSE_WEB_LOGIN
		     ? tp_tls_check_person(want->leaf, want->name, reason)
		     : tp_tls_check_server_name(want->leaf, want->name, want->cn_names, reason);
	return ok || tp_check_refuse(why, X509_V_ERR_HOSTNAME_MISMATCH, 0, want->leaf, "%s", reason);
}

static void answer(const struct tp_check_failure *why, struct tp_tls_checked *out)
{
	out->accepted = false;
	out->error = why->error ? why->error : X509_V_ERR_UNSPECIFIED;
	out->depth = (int)why->depth;
	out->policy_count = 0;
	tp_tls_say(out->reason, sizeof(out->reason), "%s", why->reason);
	tp_text_make_printable(out->reason);
	if (why->x)
		tp_tls_subject_write(X509_get_subject_name(why->x), out->subject, sizeof(out->subject));
	sk_X509_pop_free(out->path, X509_free);
	out->path = NULL;
}

void tp_tls_check_run(const struct tp_tls_check *check, struct tp_tls_checked *out)
{
	struct tp_check_run *run = calloc(1, sizeof(*run));
	struct tp_check_failure why = { 0 };
	struct tp_check_path path;
	enum tp_err err;

	memset(out, 0, sizeof(*out));
	if (!run) {
		tp_check_refuse(&why, X509_V_ERR_OUT_OF_MEM, 0, NULL, "no memory");
		answer(&why, out);
		return;
	}
	run->want = check;
	run->paths_left = TP_TLS_CHECK_PATHS_MAX;
	run->names_left = check->profile ? TP_TLS_CHECK_NAMES_MAX : TP_TLS_CHECK_NAMES_LIVE;
	run->steps_left = check->profile ? TP_TLS_CHECK_STEPS_MAX : TP_TLS_CHECK_STEPS_LIVE;
	run->edge_limit = check->profile ? TP_TLS_CHECK_SIGNATURES_MAX : TP_TLS_CHECK_SIGNATURES_LIVE;
	err = gather(run);
	if (err == TP_LIMIT)
		tp_check_refuse(&why, X509_V_ERR_CERT_CHAIN_TOO_LONG, 0, NULL, "too many certificates or CRLs");
	else if (err != TP_OK)
		tp_check_refuse(&why, X509_V_ERR_OUT_OF_MEM, 0, NULL, "no memory");
	out->accepted = err == TP_OK && tp_check_search(run, 0, judge, out, &path, &why) &&
			name_holds(check, &why);
	if (out->accepted)
		out->path = stack_of(run, &path);
	if (!out->path) {
		if (out->accepted)
			tp_check_refuse(&why, X509_V_ERR_OUT_OF_MEM, 0, NULL, "no memory");
		answer(&why, out);
	}
	run_fini(run);
	ERR_clear_error();
}

void tp_tls_checked_fini(struct tp_tls_checked *checked)
{
	sk_X509_pop_free(checked->path, X509_free);
	checked->path = NULL;
}
