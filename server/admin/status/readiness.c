/* Whether everything is there that takes long to get, before the first call counts (row 219):
 * checks of a table, each with the fact that it found. Runs in turnpike-admin's workers. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include "admin/certificates/collect.h"
#include "admin/certificates/expiry.h"
#include "admin/config/inside.h"
#include "admin/http/times.h"
#include "admin/identity/alarms.h"
#include "admin/identity/identities.h"
#include "admin/status/parts.h"
#include "core/addr.h"
#include "os/sockaddr.h"

enum {
	PORTS_MAX = 32, /* tried at a time */
	PORT_WAIT_MS = 500, /* for all of them together */
};

enum state { READY, ATTENTION, UNKNOWN };

/* One line of the page. */
struct line {
	const char *id;
	const char *group;
	const char *title;
	const char *page;
};

struct round {
	struct tp_status *status;
	json_t *out;
	const struct line *line;
	char host_name[256];
	json_t *tls; /* as the running configuration has it; NULL: it cannot be read */
};

static void say(struct round *r, enum state state, const char *subject, const char *remedy,
		const char *text, ...) __attribute__((format(printf, 5, 6)));

static void say(struct round *r, enum state state, const char *subject, const char *remedy,
		const char *text, ...)
{
	static const char *const states[] = { "ready", "attention", "unknown" };
	char words[1024];
	va_list ap;

	va_start(ap, text);
	vsnprintf(words, sizeof(words), text, ap);
	va_end(ap);
	json_array_append_new(
		r->out, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:s}", "id", r->line->id, "group",
				  r->line->group, "title", r->line->title, "subject", tp_json_text(subject),
				  "state", states[state], "text", tp_json_text(words), "remedy",
				  tp_json_text(remedy), "page", r->line->page));
}

/* ----------------------------------------------------------------- names and time */

static void look_at_host_name(struct round *r)
{
	if (strchr(r->host_name, '.'))
		say(r, READY, "", "", "This appliance is called %s.", r->host_name);
	else
		say(r, ATTENTION, "",
		    "Set the full DNS name: certificates, phones and the other half of the pair use it.",
		    "%s is not a full DNS name.", r->host_name[0] ? r->host_name : "An empty text");
}

/* Whether it is one of the addresses that this appliance has, or is reached at from outside. */
static bool is_own(struct tp_status *s, const struct tp_addr *address)
{
	json_t *system = tp_config_get(s->config, "running/turnpike-system:system", NULL), *network;
	bool own = false;
	size_t i;

	json_array_foreach(json_object_get(system, "network"), i, network)
	{
		static const char *const members[] = { "address", "advertised-address" };

		for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
			const char *text = json_string_value(json_object_get(network, members[m]));
			struct tp_addr one;

			own = own || (text && tp_addr_parse_ip(tp_span_of(text), 0, &one) == TP_OK &&
				      tp_addr_equal_ip(&one, address));
		}
	}
	json_decref(system);
	return own;
}

static void look_at_dns(struct round *r)
{
	static const char remedy[] = "Have the name entered in the DNS, and see that this appliance may ask its name "
				     "servers: changes there can take days.";
	struct tp_msg_name_found found;
	char text[TP_ADDR_IP_TEXT];

	if (!r->host_name[0] || tp_bus_name_lookup(r->status->bus, r->host_name, &found) != TP_OK)
		say(r, UNKNOWN, "", "", "The name could not be asked for.");
	else if (!tp_addr_is_set(&found.address))
		say(r, ATTENTION, "", remedy, "%s has no address: %s.", r->host_name, found.reason);
	else if (!is_own(r->status, &found.address))
		say(r, ATTENTION, "", remedy, "%s is %s, which is no address of this appliance.", r->host_name,
		    tp_addr_write_ip(&found.address, text));
	else
		say(r, READY, "", "", "%s is %s, an address of this appliance.", r->host_name,
		    tp_addr_write_ip(&found.address, text));
}

static void look_at_clock(struct round *r)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);

	if (state < 0)
		say(r, UNKNOWN, "", "", "The system does not say whether its clock is synchronised.");
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		say(r, ATTENTION, "",
		    "Let the system follow NTP servers (chrony or systemd-timesyncd): certificates, logs and "
		    "the pair need the right time.",
		    "The system's clock is not synchronised.");
	else
		say(r, READY, "", "", "The system's clock is synchronised, to within %ld ms.", t.maxerror / 1000);
}

/* ------------------------------------------------------------------- certificates */

/* What is wrong with those in use although it was accepted. */
static void say_findings(struct round *r)
{
	struct tp_msg_alarm *found = calloc(TP_IDENTITY_ALARMS_MAX, sizeof(*found));
	size_t count = 0;
	bool readable = found && tp_identity_alarms(r->status->config, found, &count);

	for (size_t i = 0; readable && i < count; i++)
		say(r, ATTENTION, found[i].subject, found[i].remedy, "%s", found[i].text);
	free(found);
}

static void look_at_certificate(struct round *r, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	int64_t end = json_integer_value(json_object_get(row, "not-after-s"));
	int64_t days = (end - (int64_t)(tp_times_now_ms() / 1000)) / 86400;
	char *chain = tp_identity_own_chain(r->status->config, "running", name ? name : "");

	if (chain && tp_identity_is_temporary(chain))
		say(r, ATTENTION, name,
		    "Make a request and send it to your certificate authority: an answer can take days.",
		    "The certificate is signed by the appliance's own temporary CA.");
	else if (tp_expiry_of(end, (int64_t)(tp_times_now_ms() / 1000)) == TP_EXPIRY_OVER)
		say(r, ATTENTION, name, "Renew it.", "The certificate has ended.");
	else if (tp_expiry_of(end, (int64_t)(tp_times_now_ms() / 1000)) >= TP_EXPIRY_WARNING)
		say(r, ATTENTION, name, "Renew it.", "The certificate ends in %lld days.", (long long)days);
	else
		say(r, READY, name, "", "A certificate of an authority is in use, for %lld more days.",
		    (long long)days);
	free(chain);
}

static void look_at_certificates(struct round *r)
{
	json_t *rows = r->tls ? tp_certificates_rows(r->tls) : NULL;
	size_t i, own = 0;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *kind = json_string_value(json_object_get(row, "kind"));

		if (!kind || strcmp(kind, "identity") != 0)
			continue;
		look_at_certificate(r, row);
		own++;
	}
	if (!own)
		say(r, rows ? ATTENTION : UNKNOWN, "", "Make a request, or upload a certificate.",
		    rows ? "There is no certificate: TLS does not run." :
			   "The configuration cannot be read now.");
	say_findings(r);
	json_decref(rows);
}

static void look_at_name(struct round *r)
{
	char *chain = tp_identity_own_chain(r->status->config, "running", "default");
	BIO *bio = chain ? BIO_new_mem_buf(chain, -1) : NULL;
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	if (!leaf)
		say(r, UNKNOWN, "", "", "There is no shared certificate to look at.");
	else if (X509_check_host(leaf, r->host_name, 0, 0, NULL) == 1)
		say(r, READY, "", "", "The shared certificate is valid for %s.", r->host_name);
	else
		say(r, ATTENTION, "", "Ask for a certificate that has the host name among its names.",
		    "The shared certificate is not valid for %s: browsers warn, and peers that verify names refuse.",
		    r->host_name);
	X509_free(leaf);
	BIO_free(bio);
	free(chain);
}

static void look_at_trust(struct round *r)
{
	size_t count = json_array_size(json_object_get(r->tls, "trusted-ca"));

	if (!r->tls)
		say(r, UNKNOWN, "", "", "The configuration cannot be read now.");
	else if (!count)
		say(r, ATTENTION, "", "Append the CAs of the other half of the pair and of your peers.",
		    "No authority is trusted: no peer that shows a certificate is accepted.");
	else
		say(r, READY, "", "", "%zu trusted.", count);
}

/* ------------------------------------------------------------------------ network */

struct port {
	const char *service;
	struct tp_addr address;
	int fd;
};

/* A connection that is begun; whether somebody listens shows by its end. */
static bool begin(struct port *port)
{
	struct sockaddr_storage sa;
	socklen_t len = tp_sockaddr_from(&port->address, &sa);

	port->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return false;
	(void)connect(port->fd, (struct sockaddr *)&sa, len);
	return true;
}

/* An address that is none, such as "every address", is tried on the loopback. */
static bool address_of(const char *text, const char *port, struct tp_addr *out)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	if (*end || number < 1 || number > 65535)
		return false;
	if (tp_addr_parse_ip(tp_span_of(text), (uint16_t)number, out) == TP_OK && !tp_addr_is_wildcard(out))
		return true;
	return tp_addr_parse_ip(TP_SPAN("127.0.0.1"), (uint16_t)number, out) == TP_OK;
}

static size_t read_ports(const json_t *list, struct port out[PORTS_MAX])
{
	size_t i, count = 0;
	json_t *row;

	json_array_foreach(list, i, row)
	{
		const char *protocol, *direction, *address, *number;
		struct port *p = &out[count];

		if (count < PORTS_MAX &&
		    json_unpack(row, "{s:s, s:s, s:s, s:s, s:s}", "protocol", &protocol, "direction",
				&direction, "address", &address, "port", &number, "service", &p->service) == 0 &&
		    !strcmp(protocol, "TCP") && !strcmp(direction, "in") &&
		    address_of(address, number, &p->address) && begin(p))
			count++;
	}
	return count;
}

/* Which of them have come to an end by then, well or not. */
static void await(const struct port *ports, size_t count)
{
	uint64_t until = tp_times_now_ms() + PORT_WAIT_MS;
	struct pollfd fds[PORTS_MAX];
	size_t open = count;

	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = ports[i].fd, .events = POLLOUT };
	for (uint64_t now = tp_times_now_ms(); open && now < until; now = tp_times_now_ms()) {
		if (poll(fds, count, (int)(until - now)) <= 0)
			return;
		for (size_t i = 0; i < count; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			fds[i].fd = -1;
			open--;
		}
	}
}

static bool is_listening(const struct port *port)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(port->fd, (struct sockaddr *)&peer, &len) == 0;
}

static json_t *ask_ports(struct tp_status *s)
{
	const struct tp_operator op = { .user = "root", .source = "socket", .connection = 1 };
	struct tp_restconf_response answer = { 0 };
	json_t *body;

	tp_config_ask(s->config, &op, "GET", "/api/v1/ports", NULL, &answer);
	body = answer.body ? json_loadb(answer.body, answer.body_len, 0, NULL) : NULL;
	tp_restconf_response_fini(&answer);
	return body;
}

static void look_at_ports(struct round *r)
{
	struct port ports[PORTS_MAX];
	json_t *body = ask_ports(r->status);
	size_t count = read_ports(json_object_get(body, "ports"), ports), silent = 0;
	char text[TP_ADDR_TEXT];

	await(ports, count);
	for (size_t i = 0; i < count; i++) {
		if (!is_listening(&ports[i])) {
			silent++;
			say(r, ATTENTION, ports[i].service,
			    "Look in the event log for why it could not be opened; another program may have it.",
			    "Nobody listens on TCP %s.", tp_addr_write(&ports[i].address, text));
		}
		close(ports[i].fd);
	}
	if (!count)
		say(r, UNKNOWN, "", "", "The configuration opens no TCP port, or cannot be read now.");
	else if (!silent)
		say(r, READY, "", "", "All %zu TCP ports of the configuration accept connections here. "
		    "Whether the firewalls let them through shows from outside only.", count);
	json_decref(body);
}

static void look_at_zones(struct round *r)
{
	struct tp_msg_zones zones;
	size_t seen = 0;

	if (tp_bus_zones(r->status->bus, 0, 50, &zones) != TP_OK) {
		say(r, UNKNOWN, "", "", "turnpike-sip does not answer.");
		return;
	}
	for (size_t i = 0; i < zones.zones_count; i++) {
		const struct tp_msg_zone_status *z = &zones.zones[i];

		if (z->type == TP_ZONE_DEFAULT || z->state == TP_ZONE_STATE_DISABLED)
			continue;
		seen++;
		if (z->state == TP_ZONE_STATE_UP)
			say(r, READY, z->name, "", "The zone is up.");
		else
			say(r, ATTENTION, z->name, "Look at the zone, and test the way there.", "%s",
			    z->reason[0] ? z->reason : "The zone is not up.");
	}
	if (!seen)
		say(r, ATTENTION, "", "Create the zone to the other half of the pair.",
		    "There is no zone that is turned on.");
	tp_msg_zones_fini(&zones);
}

/* ------------------------------------------------------------------------- alarms */

static void look_at_alarms(struct round *r)
{
	uint32_t count[3];

	if (tp_store_alarm_count(r->status->store, count) != TP_OK)
		say(r, UNKNOWN, "", "", "The alarms cannot be read now.");
	else if (count[2] || count[1])
		say(r, ATTENTION, "", "Go through them: each says what to do.",
		    "%u critical and %u warnings are open.", count[2], count[1]);
	else
		say(r, READY, "", "", "No alarm is open that needs somebody.");
}

/* ------------------------------------------------------------------------- answer */

static const struct {
	struct line line;
	void (*look)(struct round *r);
} checks[] = {
#define TP_READINESS(id, group, title, page, look) { { id, group, title, page }, look },
#include "admin/status/readiness.def"
#undef TP_READINESS
};

void tp_status_get_readiness(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct round r = { .status = arg, .out = json_array() };
	int role;

	(void)req;
	tp_login_names(r.status->login, r.host_name, &role);
	r.tls = tp_config_get(r.status->config, "running/turnpike-tls:tls", NULL);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		r.line = &checks[i].line;
		checks[i].look(&r);
	}
	json_decref(r.tls);
	tp_http_reply_json(res, 200,
			   json_pack("{s:o, s:o}", "looked-at", tp_times_json(tp_times_now_ms()), "checks",
				     r.out));
}
