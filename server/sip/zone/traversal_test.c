/* The secure traversal test. Runs in turnpike-sip. */
#include "sip/zone/traversal_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/revocation/revocation.h"
#include "sip/zone/resolve.h"
#include "sip/zone/zone.h"
#include "tls/revocation_chain.h"

/* The steps in their order, with the name they have in docs/api.md. */
enum step { RESOLVE, CONNECT, TLS, EDGE_CHAIN, EDGE_NAME, REVOCATION, OWN_NAME, ACCEPTANCE, CLOCK, STEPS };

static const char *const step_names[STEPS] = {
	[RESOLVE] = "resolve",       [CONNECT] = "connect",       [TLS] = "tls",
	[EDGE_CHAIN] = "edge-chain", [EDGE_NAME] = "edge-name",   [REVOCATION] = "revocation",
	[OWN_NAME] = "own-name",     [ACCEPTANCE] = "acceptance", [CLOCK] = "clock",
};

struct tp_traversal_test {
	struct tp_sip *sip;
	bool running;
	bool resolving;
	bool held;                 /* a responder is, or was, asked about the edge's certificate */
	uint32_t request;
	uint64_t started_ms;
	struct tp_timer deadline;
	struct tp_msg_traversal_test ask;
	struct tp_msg_traversal_test_result out;
	struct tp_flow *flow;      /* under way or open */
	struct tp_client_txn *txn; /* the OPTIONS that asks what the edge thinks of us */
};

enum tp_err tp_traversal_test_new(struct tp_sip *sip, struct tp_traversal_test **out)
{
	struct tp_traversal_test *t = calloc(1, sizeof(*t));

	if (!t)
		return TP_NOMEM;
	t->sip = sip;
	*out = t;
	return TP_OK;
}

static void let_go(struct tp_traversal_test *t)
{
	struct tp_flow *flow = t->flow;

	tp_timer_stop(t->sip->loop, &t->deadline);
	if (t->txn)
		tp_client_txn_detach(&t->txn);
	t->flow = NULL;
	if (flow) {
		tp_flow_close(flow, "the traversal test is over");
		tp_flow_unref(&flow);
	}
	t->running = t->resolving = false;
}

void tp_traversal_test_free(struct tp_traversal_test **test)
{
	if (!*test)
		return;
	let_go(*test);
	free(*test);
	*test = NULL;
}

void tp_traversal_test_abort(struct tp_sip *sip)
{
	let_go(sip->traversal_test);
}

/* ------------------------------------------------------------------ the answer */

static void say(struct tp_traversal_test *t, enum step step, enum tp_traversal_test_outcome outcome,
		const char *remedy, const char *fmt, ...) TP_PRINTF(5, 6);

static void say(struct tp_traversal_test *t, enum step step, enum tp_traversal_test_outcome outcome,
		const char *remedy, const char *fmt, ...)
{
	struct tp_msg_traversal_test_step *s = &t->out.steps[step];
	va_list args;

	va_start(args, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(s->text, sizeof(s->text), fmt, args);
	va_end(args);
	tp_text_make_printable(s->text);
	tp_text_copy(s->remedy, sizeof(s->remedy), outcome == TP_TEST_OK ? "" : remedy);
	s->result = outcome;
}

static enum tp_err answer(struct tp_sip *sip, uint32_t request,
			  const struct tp_msg_traversal_test_result *out)
{
	struct tp_channel *admin = sip->child ? tp_child_peer(sip->child, TP_PROCESS_ADMIN) : NULL;

	return admin ? TP_CHANNEL_SEND(admin, traversal_test_result, request, out) : TP_CLOSED;
}

static void finish(struct tp_traversal_test *t)
{
	if (!t->running)
		return;
	t->out.took_ms = (uint32_t)(tp_loop_now_ms(t->sip->loop) - t->started_ms);
	let_go(t);
	(void)answer(t->sip, t->request, &t->out);
}

static enum tp_err refuse(struct tp_sip *sip, uint32_t request, enum tp_err why, const char *reason)
{
	struct tp_msg_traversal_test_result *out = calloc(1, sizeof(*out));
	enum tp_err err;

	if (!out)
		return TP_NOMEM;
	out->err = (uint8_t)why;
	tp_text_copy(out->reason, sizeof(out->reason), reason);
	err = answer(sip, request, out);
	free(out);
	return err;
}

/* ------------------------------------------------------- what can be said offline */

/* Whether our own certificate has the name that the edge is to look for. */
static void look_at_own(struct tp_traversal_test *t)
{
	const struct tp_sip_config *config = t->sip->config;
	char reason[TP_TLS_REASON_MAX + 1] = "";
	struct tp_tls_own own;

	tp_tls_context_own(config->tls_link_client, &own);
	if (tp_tls_context_carries(config->tls_link_client, t->ask.verify_name, reason))
		say(t, OWN_NAME, TP_TEST_OK, "", "Our certificate (serial %.64s) carries '%.200s'.", own.serial,
		    t->ask.verify_name);
	else
		say(t, OWN_NAME, TP_TEST_FAIL,
		    "Set the verify name on the edge's zone to a name that our certificate carries, or "
		    "get this core a certificate with the wanted name among its alternative names.",
		    "The edge would refuse us: %s.", reason);
}

static void on_deadline(void *arg)
{
	struct tp_traversal_test *t = arg;

	if (t->resolving)
		say(t, RESOLVE, TP_TEST_FAIL,
		    "Check the name servers of this appliance, or enter the edge's IP address.",
		    "No name server has answered within %d s.", TP_TRAVERSAL_TEST_MS / 1000);
	else if (t->txn)
		say(t, ACCEPTANCE, TP_TEST_FAIL,
		    "Check that the port is the one of the traversal server zone on the edge.",
		    "The other side has not answered our question within %d s.",
		    TP_TRAVERSAL_TEST_MS / 1000);
	else
		say(t, t->flow && t->flow->connected ? TLS : CONNECT, TP_TEST_FAIL,
		    "Check the address, the routes and the firewalls between the two.",
		    "No answer within %d s.", TP_TRAVERSAL_TEST_MS / 1000);
	finish(t);
}

/* --------------------------------------------------------------------- connecting */

/* From the same network as a zone that goes to the same place; else by route. */
static struct tp_addr local_for(struct tp_traversal_test *t)
{
	struct tp_addr none = { 0 };

	for (size_t i = 0; i < tp_zones_count(t->sip); i++) {
		const struct tp_zone *zone = tp_zones_at(t->sip, i);

		for (size_t p = 0; p < zone->cfg->peers_count; p++)
			if (zone->cfg->type == TP_ZONE_TRAVERSAL_CLIENT &&
			    strcasecmp(zone->cfg->peers[p].host, t->ask.address) == 0)
				return tp_zone_local(zone);
	}
	return none;
}

static void explain_connect(struct tp_traversal_test *t, const char *reason)
{
	char remedy[400];

	if (strcasestr(reason, "refused"))
		snprintf(remedy, sizeof(remedy),
			 "Nothing takes connections on port %u there: check the port, and that the traversal "
			 "server zone of the edge is enabled.", t->ask.port);
	else
		snprintf(remedy, sizeof(remedy),
			 "Check the address and the routes, and that the firewall lets this core open TCP "
			 "connections to port %u of the edge.", t->ask.port);
	say(t, CONNECT, TP_TEST_FAIL, remedy, "No connection: %s.", reason);
}

static void connect_to(struct tp_traversal_test *t, const struct tp_addr *address)
{
	struct tp_transport_target target = {
		.transport = TP_TRANSPORT_TLS,
		.local = local_for(t),
		.remote = *address,
		.tls = t->sip->config->tls_link_client,
		.verify_name = t->ask.edge_name,
	};
	struct tp_diag diag = { 0 };

	target.remote.port = t->ask.port;
	t->resolving = false;
	if (tp_transport_connect(t->sip->transport, &target, &t->flow, &diag) != TP_OK) {
		explain_connect(t, diag.text);
		finish(t);
	}
}

void tp_traversal_test_resolved(struct tp_sip *sip, const char *host, const struct tp_addr *address,
				const char *reason)
{
	struct tp_traversal_test *t = sip->traversal_test;
	char ip[TP_ADDR_IP_TEXT];

	if (!t || !t->resolving || strcasecmp(host, t->ask.address) != 0)
		return;
	if (!tp_addr_is_set(address)) {
		say(t, RESOLVE, TP_TEST_FAIL,
		    "Check how the name is written and the name servers of this appliance, or enter the "
		    "edge's IP address.",
		    "'%.200s' has no address: %s.", host, reason);
		finish(t);
		return;
	}
	say(t, RESOLVE, TP_TEST_OK, "", "'%.200s' is %s.", host, tp_addr_write_ip(address, ip));
	connect_to(t, address);
}

static void begin(struct tp_traversal_test *t)
{
	struct tp_addr address;

	look_at_own(t);
	if (tp_addr_parse_ip(tp_span_of(t->ask.address), t->ask.port, &address) == TP_OK) {
		say(t, RESOLVE, TP_TEST_OK, "", "'%.200s' is an address already.", t->ask.address);
		connect_to(t, &address);
		return;
	}
	t->resolving = true;
	if (tp_resolver_ask(t->sip->resolver, t->ask.address) != TP_OK) {
		say(t, RESOLVE, TP_TEST_FAIL, "Try again in a minute.", "Too many names are being looked up.");
		finish(t);
	}
}

enum tp_err tp_traversal_test_start(struct tp_sip *sip, uint32_t request,
				    const struct tp_msg_traversal_test *ask)
{
	enum { CORE = 1 };
	struct tp_traversal_test *t = sip->traversal_test;

	if (t->running)
		return refuse(sip, request, TP_CONFLICT, "another traversal test is under way");
	if (!sip->config || sip->config->cfg.role != CORE)
		return refuse(sip, request, TP_STATE, "the traversal test is made from the core");
	if (!sip->config->tls_link_client)
		return refuse(sip, request, TP_STATE, "this appliance has no certificate yet");
	if (!ask->address[0] || !ask->port || !ask->verify_name[0] || !ask->edge_name[0])
		return refuse(sip, request, TP_FORMAT, "address, port and both names are needed");
	memset(&t->out, 0, sizeof(t->out));
	t->out.steps_count = STEPS;
	for (size_t i = 0; i < STEPS; i++) {
		t->out.steps[i].result = TP_TEST_NOT_REACHED;
		tp_text_copy(t->out.steps[i].name, sizeof(t->out.steps[i].name), step_names[i]);
	}
	t->held = false;
	t->ask = *ask;
	t->request = request;
	t->started_ms = tp_loop_now_ms(sip->loop);
	if (tp_timer_start(sip->loop, &t->deadline, TP_TRAVERSAL_TEST_MS, on_deadline, t) != TP_OK)
		return refuse(sip, request, TP_NOMEM, "out of memory");
	t->running = true;
	begin(t);
	return TP_OK;
}

/* ---------------------------------------------------------- the edge's certificate */

static bool is_name_fault(const struct tp_tls_peer *edge)
{
	return strncmp(edge->reason, "name does not match", 19) == 0;
}

/* refusal: what ended a held connection; NULL: it was not refused then. */
static void judge_revocation(struct tp_traversal_test *t, const struct tp_tls_peer *edge,
			     const char *refusal)
{
	static const char remedy[] = "Look at the Revocation page of this core and at the responders and lists of "
				     "the authority; a certificate that is revoked has to be replaced on the edge.";

	if (!edge->chain_trusted || is_name_fault(edge))
		return;
	if (!tp_revocation_policy(tp_sip_revocation_shared(t->sip->revocation))->enabled)
		say(t, REVOCATION, TP_TEST_NOT_REACHED, "", "Not looked at: the check for revocation is off.");
	else if (refusal || !edge->trusted)
		say(t, REVOCATION, TP_TEST_FAIL, remedy, "We refuse the edge's certificate: %s.",
		    refusal ? refusal : edge->reason);
	else
		say(t, REVOCATION, TP_TEST_OK, "", "Nothing that was asked says that the edge's certificate is revoked%s.",
		    t->held ? "; a responder was asked just now" : "");
}

static void judge_edge(struct tp_traversal_test *t, const struct tp_tls_peer *edge)
{
	say(t, TLS, TP_TEST_OK, "", "%s with %s.", edge->protocol, edge->cipher);
	if (edge->chain_trusted)
		say(t, EDGE_CHAIN, TP_TEST_OK, "", "The edge's certificate is valid and signed by an authority "
		    "that we trust: %.300s.", edge->subject);
	else
		say(t, EDGE_CHAIN, TP_TEST_FAIL,
		    strstr(edge->reason, "issuer") || strstr(edge->reason, "self-signed") ?
			    "Add the authority that signed the edge's certificate to the trusted CAs of this "
			    "core, and check that the edge sends its whole chain." :
			    "Give the edge a certificate that is valid now and for this purpose; check the "
			    "clocks of both.",
		    "We refuse the edge's certificate: %s. It is %.200s.", edge->reason, edge->subject);
	if (edge->chain_trusted && !is_name_fault(edge))
		say(t, EDGE_NAME, TP_TEST_OK, "", "The edge's certificate carries '%.200s'.", t->ask.edge_name);
	else if (edge->chain_trusted)
		say(t, EDGE_NAME, TP_TEST_FAIL,
		    "Set the verify name of this core's zone to a name that the edge's certificate carries, or "
		    "get the edge a certificate with the wanted name.",
		    "We refuse the edge's certificate: %s.", edge->reason);
}

/* -------------------------------------------------------------- the edge's verdict */

static void compare_clocks(struct tp_traversal_test *t, const struct tp_sip_msg *msg)
{
	static const char remedy[] = "Give both appliances a time server (NTP): certificates are judged by the "
				     "clock.";
	int64_t now = (int64_t)(tp_loop_unix_ms(t->sip->loop) / 1000), theirs = 0;
	long long apart;
	char value[64];

	if (tp_sip_msg_header(msg, "Date", 0, value, sizeof(value)) != TP_OK ||
	    tp_zone_read_date(value, &theirs) != TP_OK) {
		say(t, CLOCK, TP_TEST_WARN, "Compare the time on the Overview pages of both appliances.",
		    "The other side did not tell its time.");
		return;
	}
	apart = (long long)(theirs > now ? theirs - now : now - theirs);
	if (apart > TP_TRAVERSAL_TEST_CLOCK_S)
		say(t, CLOCK, TP_TEST_WARN, remedy, "The edge's clock is %lld s %s ours.", apart,
		    theirs > now ? "ahead of" : "behind");
	else
		say(t, CLOCK, TP_TEST_OK, "", "The two clocks are within %lld s of each other.", apart + 1);
}

static const char *remedy_of(const char *words)
{
	if (strstr(words, "name does not match"))
		return "Set the verify name of the edge's zone to a name that our certificate carries, or get this "
		       "core a certificate with that name.";
	if (strstr(words, "issuer") || strstr(words, "self-signed") || strstr(words, "unknown CA"))
		return "Add the authority that signed our certificate to the trusted CAs of the edge.";
	if (strstr(words, "expired") || strstr(words, "not valid before"))
		return "Give this core a certificate that is valid now; check the clocks of both.";
	return "Look at the zone's page on the edge, which shows the same words.";
}

static void on_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_traversal_test *t = arg;
	int status = tp_sip_msg_status(msg);
	char words[384];

	if (t->txn != txn || status < 200) {
		tp_sip_msg_free(&msg);
		return;
	}
	tp_client_txn_detach(&t->txn);
	tp_zone_words(msg, words, sizeof(words));
	if (status == 401)
		say(t, ACCEPTANCE, TP_TEST_OK, "",
		    "The edge accepts our certificate; next it would ask for user name and password.");
	else if (status == 403)
		say(t, ACCEPTANCE, TP_TEST_FAIL, remedy_of(words), "The edge refuses us: %s.", words);
	else
		say(t, ACCEPTANCE, TP_TEST_FAIL,
		    "Check that the port is the one of the traversal server zone on the edge.",
		    "What answers there is no traversal server: %s.", words);
	compare_clocks(t, msg);
	tp_sip_msg_free(&msg);
	finish(t);
}

static void on_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct tp_traversal_test *t = arg;

	(void)err;
	if (t->txn != txn)
		return;
	t->txn = NULL;
	say(t, ACCEPTANCE, TP_TEST_FAIL, remedy_of(reason), "The edge hung up: %s.", reason);
	finish(t);
}

static void on_end(void *arg, struct tp_client_txn *txn)
{
	struct tp_traversal_test *t = arg;

	if (t->txn == txn)
		t->txn = NULL;
}

static const struct tp_client_events events = { on_response, on_error, on_end };

/* An OPTIONS without credentials: whoever is there learns our host name and no more. */
static enum tp_err ask_edge(struct tp_traversal_test *t)
{
	char host[TP_ADDR_TEXT], uri[TP_ADDR_TEXT + 8], from[320], to[TP_ADDR_TEXT + 16];
	char tag[TP_SIP_ID_TEXT], call_id[TP_SIP_ID_TEXT];
	struct tp_sip_request request = {
		.method = TP_SIP_OPTIONS, .uri = uri, .from = from, .to = to, .cseq = 1, .max_forwards = 1,
	};
	struct tp_sip_msg *msg = NULL;
	enum tp_err err;

	snprintf(uri, sizeof(uri), "sip:%s", tp_addr_write(&t->flow->remote, host));
	snprintf(to, sizeof(to), "<%s>", uri);
	snprintf(from, sizeof(from), "<sip:turnpike@%s>;tag=%s", t->sip->config->cfg.host_name,
		 tp_sip_ids_tag(&t->sip->ids, tag));
	request.call_id = tp_sip_ids_call_id(&t->sip->ids, call_id);
	err = tp_sip_msg_new_request(&request, &msg);
	if (err == TP_OK)
		err = tp_client_txn_start(t->sip->transactions, t->flow, msg, &events, t, &t->txn);
	tp_sip_msg_free(&msg);
	return err;
}

/* ------------------------------------------------------------------------- events */

bool tp_traversal_test_owns(const struct tp_sip *sip, const struct tp_flow *flow)
{
	return sip->traversal_test && sip->traversal_test->flow == flow;
}

void tp_traversal_test_flow_held(struct tp_sip *sip, struct tp_flow *flow)
{
	if (tp_traversal_test_owns(sip, flow))
		sip->traversal_test->held = true;
}

bool tp_traversal_test_flow_open(struct tp_sip *sip, struct tp_flow *flow)
{
	struct tp_traversal_test *t = sip->traversal_test;
	char address[TP_ADDR_TEXT];

	if (!tp_traversal_test_owns(sip, flow))
		return false;
	say(t, CONNECT, TP_TEST_OK, "", "Connected to %s.", tp_addr_write(&flow->remote, address));
	judge_edge(t, flow->tls);
	judge_revocation(t, flow->tls, NULL);
	if (ask_edge(t) != TP_OK) {
		say(t, ACCEPTANCE, TP_TEST_FAIL, "Try again.", "Our question could not be sent.");
		finish(t);
	}
	return true;
}

/* The connection stood, and came to its end before its answer. */
static void explain_end(struct tp_traversal_test *t, const struct tp_flow *flow, const char *reason)
{
	bool opened = t->out.steps[EDGE_CHAIN].result != TP_TEST_NOT_REACHED;

	if (opened || strstr(reason, "refused our certificate")) {
		say(t, ACCEPTANCE, TP_TEST_FAIL, remedy_of(reason), "The edge hung up: %s.", reason);
	} else if (t->held && flow->tls) {
		judge_edge(t, flow->tls);
		judge_revocation(t, flow->tls, reason);
	} else {
		say(t, TLS, TP_TEST_FAIL,
		    "Compare the lowest TLS version and the ciphers of the traversal link on both appliances, and "
		    "check that the port is that of the edge's traversal zone.",
		    "The TLS handshake failed: %s.", reason);
	}
}

bool tp_traversal_test_flow_closed(struct tp_sip *sip, struct tp_flow *flow)
{
	struct tp_traversal_test *t = sip->traversal_test;
	char address[TP_ADDR_TEXT], reason[sizeof(flow->reason)];

	if (!tp_traversal_test_owns(sip, flow))
		return false;
	tp_text_copy(reason, sizeof(reason), flow->reason);
	if (!flow->connected) {
		explain_connect(t, reason);
	} else {
		say(t, CONNECT, TP_TEST_OK, "", "Connected to %s.", tp_addr_write(&flow->remote, address));
		explain_end(t, flow, reason);
	}
	finish(t);
	return true;
}

/* --------------------------------------------------------------------------- Date */

enum tp_err tp_zone_add_date(struct tp_sip *sip, struct tp_sip_msg *msg)
{
	time_t now = (time_t)(tp_loop_unix_ms(sip->loop) / 1000);
	char value[64];
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(value, sizeof(value), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return TP_INTERNAL;
	return tp_sip_msg_add(msg, "Date", value);
}

enum tp_err tp_zone_read_date(const char *value, int64_t *out)
{
	struct tm tm = { 0 };
	const char *end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	time_t t = end && !*end ? timegm(&tm) : -1;

	if (t < 0)
		return TP_FORMAT;
	*out = (int64_t)t;
	return TP_OK;
}
