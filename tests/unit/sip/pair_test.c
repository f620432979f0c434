/* Edge and core, each a real turnpike-sip and turnpike-media, with the test in the
 * place of supervisor and admin and slices made by hand: the link, calls both ways,
 * refusals, and kills. Phones are tests/tools/phone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "model/slice.h"
#include "model/slice_write.h"
#include "os/loop.h"

enum { EDGE = 0, CORE = 1, SRTP_STATE_BYTES = 4 << 20 };

struct node {
	struct pair *pair;
	int role;
	char address[32];
	char host_name[64];
	char *certificate, *key, *ca;
	pid_t sip_pid, media_pid;
	struct tp_channel *sip, *media, *admin;
	bool sip_ready, media_ready;
	struct tp_msg_zone_status zone;
	struct tp_msg_sip_counters counters;
	unsigned answers, ended, ended_good;
	char ended_reason[256];
};

struct pair {
	struct tp_loop *loop;
	struct node node[2];
	const char *link_password[2];
	const char *verify_name[2];
	const char *says[2]; /* expected on the Zones page of each */
	bool trust_nothing;
	uint8_t account_encryption[2];
	struct tp_timer timer;
	bool (*done)(struct pair *);
	bool expired;
	pid_t phone;
	int phone_status;
	char folder[64];
};

static const char *const host_names[2] = { "edge.test", "core.test" };
static const char *const domains[2] = { "outside.test", "inside.test" };
static const char *const users[2] = { "outside", "inside" };

/* ------------------------------------------------------------- certificates */

static char *pem_of(BIO *bio)
{
	char *data, *out;
	long len = BIO_get_mem_data(bio, &data);

	out = calloc(1, (size_t)len + 1);
	memcpy(out, data, (size_t)len);
	BIO_free(bio);
	return out;
}

static X509 *make_certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
			      const char *san, int days)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509V3_CTX ctx;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), (long)(1000 + random() % 100000));
	X509_gmtime_adj(X509_getm_notBefore(x), -86400 * 30);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400L * days);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : subject);
	X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
	const char *texts[][2] = {
		{ "basicConstraints", issuer ? "critical,CA:FALSE" : "critical,CA:TRUE" },
		{ "keyUsage", issuer ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign" },
		{ issuer ? "extendedKeyUsage" : NULL, "serverAuth,clientAuth" },
		{ san ? "subjectAltName" : NULL, san },
	};
	for (size_t i = 0; i < 4; i++) {
		X509_EXTENSION *e = texts[i][0] ? X509V3_EXT_conf(NULL, &ctx, texts[i][0], texts[i][1]) : NULL;

		if (e)
			X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
	return x;
}

static void make_identity(struct node *n, int days)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	char name[80], san[128];
	X509 *ca, *leaf;
	BIO *bio;

	snprintf(name, sizeof(name), "CA of %s", n->host_name);
	snprintf(san, sizeof(san), "DNS:%s,IP:%s", n->host_name, n->address);
	ca = make_certificate(name, ca_key, NULL, ca_key, NULL, 30);
	leaf = make_certificate(n->host_name, key, ca, ca_key, san, days);
	free(n->ca);
	free(n->certificate);
	free(n->key);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, ca);
	n->ca = pem_of(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, leaf);
	PEM_write_bio_X509(bio, ca);
	n->certificate = pem_of(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	n->key = pem_of(bio);
	X509_free(ca);
	X509_free(leaf);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

/* ------------------------------------------------------------------- slices */

static void write_sip(struct tp_wr *wr, const void *m)
{
	tp_cfg_sip_write(wr, m);
}

static void write_media(struct tp_wr *wr, const void *m)
{
	tp_cfg_media_write(wr, m);
}

static uint16_t secret(struct tp_slice_writer *w, const char *name, const char *value)
{
	uint16_t number = 0;

	assert_int_equal(tp_slice_writer_secret(w, name, tp_span_of(value), &number), TP_OK);
	return number;
}

static struct tp_addr address_of(const struct node *n, uint16_t port)
{
	struct tp_addr a;

	assert_int_equal(tp_addr_parse_ip(tp_span_of(n->address), port, &a), TP_OK);
	return a;
}

static void fill_zone(struct node *n, struct tp_cfg_zone *z, struct tp_cfg_peer *peer, struct tp_slice_writer *w)
{
	struct pair *p = n->pair;

	z->id = 1;
	snprintf(z->name, sizeof(z->name), "%s", n->role == EDGE ? "core" : "edge");
	z->type = n->role == EDGE ? 2 : 1;
	z->enabled = true;
	z->transport = 2;
	if (n->role == EDGE) {
		z->listen = address_of(n, 7001);
	} else {
		snprintf(peer->host, sizeof(peer->host), "%s", p->node[EDGE].address);
		peer->port = 7001;
		z->peers_count = 1;
		z->peers = peer;
	}
	snprintf(z->network, sizeof(z->network), "lan");
	snprintf(z->verify_name, sizeof(z->verify_name), "%s", p->verify_name[n->role]);
	snprintf(z->user, sizeof(z->user), "core");
	z->password_secret = secret(w, "zone/link/password", p->link_password[n->role]);
	z->hop_count = 15;
	z->retry_s = 1;
	z->keepalive_s = 2;
}

static void fill_rules(struct node *n, struct tp_cfg_rule *rules)
{
	snprintf(rules[0].name, sizeof(rules[0].name), "far");
	snprintf(rules[0].pattern, sizeof(rules[0].pattern), "@%s", domains[1 - n->role]);
	rules[0].priority = 10;
	rules[0].target = 1;
	rules[0].target_zone = 1;
	snprintf(rules[1].name, sizeof(rules[1].name), "local");
	snprintf(rules[1].pattern, sizeof(rules[1].pattern), "@%s", domains[n->role]);
	rules[1].priority = 20;
	for (int i = 0; i < 2; i++) {
		rules[i].enabled = rules[i].stop = true;
		rules[i].match = TP_RULE_SUFFIX;
	}
}

static int sip_slice(struct node *n, uint64_t revision)
{
	struct pair *p = n->pair;
	struct tp_cfg_listener listeners[3] = { 0 };
	struct tp_cfg_network network = { .name = "lan", .address = address_of(n, 0) };
	struct tp_cfg_account account = { 0 };
	struct tp_cfg_rule rules[2] = { 0 };
	struct tp_cfg_zone zone = { 0 };
	struct tp_cfg_peer peer = { 0 };
	struct tp_cfg_text domain = { 0 };
	struct tp_cfg_sip *cfg = calloc(1, sizeof(*cfg));
	const char *trusted = p->trust_nothing && n->role == EDGE ? n->ca : p->node[1 - n->role].ca;
	struct tp_slice_writer *w;
	int fd;

	assert_int_equal(tp_slice_writer_new(TP_PROCESS_SIP, revision, &w), TP_OK);
	snprintf(cfg->host_name, sizeof(cfg->host_name), "%s", n->host_name);
	cfg->role = (uint8_t)n->role;
	cfg->identities_count = TP_SIP_IDENTITIES;
	for (size_t i = 0; i < TP_SIP_IDENTITIES; i++) {
		cfg->identities[i].certificate_pem = (const uint8_t *)n->certificate;
		cfg->identities[i].certificate_pem_len = (uint32_t)strlen(n->certificate);
		cfg->identities[i].key_secret = secret(w, "identity/server/key", n->key);
	}
	cfg->trusted_pem = (const uint8_t *)trusted;
	cfg->trusted_pem_len = (uint32_t)strlen(trusted);
	cfg->link_trusted_pem = (const uint8_t *)trusted;
	cfg->link_trusted_pem_len = (uint32_t)strlen(trusted);
	cfg->networks_count = 1;
	cfg->networks = &network;
	for (uint8_t i = 0; i < 3; i++) {
		listeners[i].transport = i;
		listeners[i].address = address_of(n, i == 2 ? 5061 : 5060);
		snprintf(listeners[i].network, sizeof(listeners[i].network), "lan");
	}
	cfg->listeners_count = 3;
	cfg->listeners = listeners;
	fill_zone(n, &zone, &peer, w);
	cfg->zones_count = 1;
	cfg->zones = &zone;
	fill_rules(n, rules);
	cfg->rules_count = 2;
	cfg->rules = rules;
	snprintf(domain.value, sizeof(domain.value), "%s", domains[n->role]);
	cfg->domains_count = 1;
	cfg->domains = &domain;
	snprintf(cfg->realm, sizeof(cfg->realm), "%s", domains[n->role]);
	cfg->expires_min_s = 60;
	cfg->expires_max_s = 3600;
	snprintf(account.name, sizeof(account.name), "%s", users[n->role]);
	account.password_secret = secret(w, "account/phone/password", "phone-secret");
	account.encryption = p->account_encryption[n->role];
	cfg->accounts_count = 1;
	cfg->accounts = &account;
	cfg->calls_max = 1000;
	cfg->hop_rtp_port = 36000;
	cfg->hop_rtcp_port = 36001;
	assert_int_equal(tp_slice_writer_finish(w, write_sip, cfg, &fd), TP_OK);
	tp_slice_writer_free(&w);
	free(cfg);
	return fd;
}

static int media_slice(struct node *n, uint64_t revision)
{
	struct tp_cfg_network network = { .name = "lan", .address = address_of(n, 0) };
	struct tp_cfg_media cfg = {
		.role = (uint8_t)n->role, .port_first = n->role == EDGE ? 36002 : 48000,
		.port_last = n->role == EDGE ? 47999 : 59999, .hop_rtp_port = 36000, .hop_rtcp_port = 36001,
		.networks_count = 1, .networks = &network, .sessions_max = 1000,
	};
	struct tp_slice_writer *w;
	int fd;

	assert_int_equal(tp_slice_writer_new(TP_PROCESS_MEDIA, revision, &w), TP_OK);
	assert_int_equal(tp_slice_writer_finish(w, write_media, &cfg, &fd), TP_OK);
	tp_slice_writer_free(&w);
	return fd;
}

/* ------------------------------------------------- supervisor and admin, played */

static void wire(struct node *n, struct tp_channel *a, enum tp_process a_is, struct tp_channel *b,
		 enum tp_process b_is)
{
	struct tp_msg_peer_up to_a = { .process = (uint8_t)b_is }, to_b = { .process = (uint8_t)a_is };
	int fds[2];

	(void)n;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(TP_CHANNEL_SEND_FDS(a, peer_up, 0, &to_a, &fds[0], 1), TP_OK);
	assert_int_equal(TP_CHANNEL_SEND_FDS(b, peer_up, 0, &to_b, &fds[1], 1), TP_OK);
	close(fds[0]);
	close(fds[1]);
}

static void check_done(struct pair *p)
{
	if (p->done && p->done(p))
		tp_loop_stop(p->loop);
}

static enum tp_err on_admin_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct node *n = arg;
	struct tp_msg_zones zones;
	struct tp_msg_call_ended ended;
	struct tp_msg_call_ended_ack ack;

	switch (frame->type) {
	case TP_MSG_TYPE_zones:
		assert_int_equal(tp_msg_zones_read(&frame->body, &zones), TP_OK);
		if (zones.zones_count)
			n->zone = zones.zones[0];
		tp_msg_zones_fini(&zones);
		n->answers++;
		break;
	case TP_MSG_TYPE_sip_counters:
		assert_int_equal(tp_msg_sip_counters_read(&frame->body, &n->counters), TP_OK);
		n->answers++;
		break;
	case TP_MSG_TYPE_call_ended:
		assert_int_equal(tp_msg_call_ended_read(&frame->body, &ended), TP_OK);
		ack.sequence = ended.sequence;
		n->ended++;
		n->ended_good += ended.call[0].answered_ms != 0 && ended.stats_count >= 2;
		snprintf(n->ended_reason, sizeof(n->ended_reason), "%s", ended.call[0].end_reason);
		tp_msg_call_ended_fini(&ended);
		(void)TP_CHANNEL_SEND(ch, call_ended_ack, 0, &ack);
		break;
	default:
		break;
	}
	check_done(n->pair);
	return TP_OK;
}

static void on_admin_closed(void *arg, struct tp_channel *ch)
{
	(void)arg;
	(void)ch;
}

static void connect_admin(struct node *n)
{
	struct tp_msg_peer_up up = { .process = TP_PROCESS_ADMIN };
	int fds[2];

	tp_channel_free(&n->admin);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(tp_channel_new(n->pair->loop, fds[0], TP_PROCESS_ADMIN, TP_PROCESS_SIP,
					on_admin_frame, on_admin_closed, n, &n->admin), TP_OK);
	assert_int_equal(TP_CHANNEL_SEND_FDS(n->sip, peer_up, 0, &up, &fds[1], 1), TP_OK);
	close(fds[1]);
}

static void send_slice(struct node *n, struct tp_channel *ch, enum tp_process process, uint64_t revision)
{
	struct tp_msg_config_prepare m = { .revision = revision };
	int fd = process == TP_PROCESS_SIP ? sip_slice(n, revision) : media_slice(n, revision);

	assert_int_equal(TP_CHANNEL_SEND_FDS(ch, config_prepare, 0, &m, &fd, 1), TP_OK);
	close(fd);
}

static enum tp_err on_child_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct node *n = arg;
	enum tp_process who = tp_channel_peer(ch);
	struct tp_msg_config_prepared prepared;
	struct tp_msg_config_commit commit;

	switch (frame->type) {
	case TP_MSG_TYPE_ready:
		send_slice(n, ch, who, 1);
		break;
	case TP_MSG_TYPE_config_prepared:
		assert_int_equal(tp_msg_config_prepared_read(&frame->body, &prepared), TP_OK);
		if (prepared.err)
			fail_msg("%s: %s %s", tp_process_name(who), prepared.path, prepared.text);
		commit = (struct tp_msg_config_commit){ .revision = prepared.revision, .commit = true };
		assert_int_equal(TP_CHANNEL_SEND(ch, config_commit, 0, &commit), TP_OK);
		if (prepared.revision != 1)
			break;
		if (who == TP_PROCESS_SIP) {
			n->sip_ready = true;
			connect_admin(n);
		} else {
			n->media_ready = true;
		}
		if (n->sip_ready && n->media_ready)
			wire(n, n->sip, TP_PROCESS_SIP, n->media, TP_PROCESS_MEDIA);
		break;
	default:
		break;
	}
	check_done(n->pair);
	return TP_OK;
}

static void on_child_closed(void *arg, struct tp_channel *ch)
{
	(void)arg;
	(void)ch;
}

/* The folder with the programs stands beside the one with the tests. */
static void program_path(const char *name, char *buf, size_t size)
{
	char self[512];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = 0;
	*strrchr(self, '/') = 0;
	snprintf(buf, size, "%s/../bin/%s", self, name);
}

static pid_t start_child(struct node *n, const char *program, enum tp_process which, struct tp_channel **out)
{
	char path[600];
	int fds[2];
	pid_t pid;

	program_path(program, path, sizeof(path));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], 3);
		fcntl(3, F_SETFD, 0);
		execl(path, program, "--log-level", "info", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	assert_int_equal(tp_channel_new(n->pair->loop, fds[0], TP_PROCESS_SUP, which, on_child_frame,
					on_child_closed, n, out), TP_OK);
	return pid;
}

static void start_sip(struct node *n)
{
	n->sip_ready = false;
	n->sip_pid = start_child(n, "turnpike-sip", TP_PROCESS_SIP, &n->sip);
}

static void start_media(struct node *n)
{
	n->media_ready = false;
	n->media_pid = start_child(n, "turnpike-media", TP_PROCESS_MEDIA, &n->media);
}

static void kill_child(pid_t pid, struct tp_channel **ch)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tp_channel_free(ch);
}

static void terminate_child(pid_t pid, struct tp_channel **ch)
{
	struct tp_msg_terminate m = { 0 };
	int status = 0;

	(void)TP_CHANNEL_SEND(*ch, terminate, 0, &m);
	waitpid(pid, &status, 0);
	tp_channel_free(ch);
	assert_int_equal(status, 0); /* the sanitizers found nothing */
}

/* ---------------------------------------------------------------- running */

static void ask(struct pair *p)
{
	struct tp_msg_zones_get zones = { .limit = 10 };
	struct tp_msg_sip_counters_get counters = { 0 };

	for (int i = 0; i < 2; i++) {
		struct tp_channel *ch = p->node[i].admin;

		if (!ch || !tp_channel_open(ch))
			continue;
		(void)TP_CHANNEL_SEND(ch, zones_get, tp_channel_next_request(ch), &zones);
		(void)TP_CHANNEL_SEND(ch, sip_counters_get, tp_channel_next_request(ch), &counters);
	}
}

struct run {
	struct pair *pair;
	unsigned ticks_left;
};

static void on_tick(void *arg)
{
	struct run *run = arg;

	if (run->pair->phone && waitpid(run->pair->phone, &run->pair->phone_status, WNOHANG) > 0)
		run->pair->phone = 0;
	check_done(run->pair);
	ask(run->pair);
	if (!run->ticks_left--) {
		run->pair->expired = true;
		tp_loop_stop(run->pair->loop);
	} else {
		assert_int_equal(tp_timer_start(run->pair->loop, &run->pair->timer, 100, on_tick, run), TP_OK);
	}
}

static void run_until(struct pair *p, bool (*done)(struct pair *), unsigned seconds, const char *what)
{
	struct run run = { p, seconds * 10 };

	p->done = done;
	p->expired = false;
	assert_int_equal(tp_timer_start(p->loop, &p->timer, 0, on_tick, &run), TP_OK);
	assert_int_equal(tp_loop_run(p->loop), TP_OK);
	tp_timer_stop(p->loop, &p->timer);
	p->done = NULL;
	if (p->expired)
		fail_msg("%s did not happen in %u s; edge: state %u '%s', core: state %u '%s'", what, seconds,
			 p->node[EDGE].zone.state, p->node[EDGE].zone.reason, p->node[CORE].zone.state,
			 p->node[CORE].zone.reason);
}

static bool link_is_up(struct pair *p)
{
	return p->node[EDGE].zone.state == TP_ZONE_STATE_UP && p->node[CORE].zone.state == TP_ZONE_STATE_UP &&
	       p->node[EDGE].zone.hop_up && p->node[CORE].zone.hop_up;
}

/* Without the media hop, which did not end with sip and is told of every ten seconds. */
static bool zones_are_up(struct pair *p)
{
	return p->node[EDGE].zone.state == TP_ZONE_STATE_UP && p->node[CORE].zone.state == TP_ZONE_STATE_UP;
}

static bool both_say_why(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		if (p->node[i].zone.state != TP_ZONE_STATE_FAILED || !strstr(p->node[i].zone.reason, p->says[i]))
			return false;
	return true;
}

static bool phones_ended(struct pair *p)
{
	return p->phone == 0;
}

static bool nothing_left(struct pair *p)
{
	return p->node[EDGE].counters.dialogs == 0 && p->node[CORE].counters.dialogs == 0 &&
	       p->node[EDGE].counters.media_sessions == 0 && p->node[CORE].counters.media_sessions == 0;
}

static bool two_calls_up(struct pair *p)
{
	return p->node[EDGE].counters.dialogs == 2 && p->node[CORE].counters.dialogs == 2;
}

static void start(struct pair *p, unsigned subnet, int edge_days)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(tp_loop_new(&p->loop), TP_OK);
	snprintf(p->folder, sizeof(p->folder), "/tmp/turnpike-pair-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	for (int i = 0; i < 2; i++) {
		struct node *n = &p->node[i];

		n->pair = p;
		n->role = i;
		p->link_password[i] = "link-secret";
		p->verify_name[i] = host_names[1 - i];
		snprintf(n->address, sizeof(n->address), "127.0.4.%u", subnet + (unsigned)i);
		snprintf(n->host_name, sizeof(n->host_name), "%s", host_names[i]);
		make_identity(n, i == EDGE ? edge_days : 20);
	}
}

static void launch(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		start_media(&p->node[i]);
		start_sip(&p->node[i]);
	}
}

static void stop(struct pair *p)
{
	char command[128];

	for (int i = 0; i < 2; i++) {
		terminate_child(p->node[i].sip_pid, &p->node[i].sip);
		terminate_child(p->node[i].media_pid, &p->node[i].media);
		tp_channel_free(&p->node[i].admin);
		free(p->node[i].ca);
		free(p->node[i].certificate);
		free(p->node[i].key);
	}
	tp_loop_free(&p->loop);
	snprintf(command, sizeof(command), "rm -rf %s", p->folder);
	assert_int_equal(system(command), 0);
}

static void phone_spec(struct pair *p, int side, const char *extra, char *buf, size_t size)
{
	struct node *n = &p->node[side];
	char ca[128];
	FILE *f;

	snprintf(ca, sizeof(ca), "%s/%s.pem", p->folder, users[side]);
	f = fopen(ca, "w");
	assert_non_null(f);
	fputs(n->ca, f);
	fclose(f);
	snprintf(buf, size,
		 "name=%s,server=%s:5061,transport=tls,tls-name=%s,ca=%s,bind=%s,domain=%s,user=%s,"
		 "password=phone-secret%s", users[side], n->address, n->host_name, ca, n->address,
		 domains[side], users[side], extra);
}

static void start_phones(struct pair *p, const char *edge_extra, const char *core_extra, const char *how)
{
	char path[600], edge[512], core[512], out[128], in[128];

	program_path("tp-phone", path, sizeof(path));
	phone_spec(p, EDGE, edge_extra, edge, sizeof(edge));
	phone_spec(p, CORE, core_extra, core, sizeof(core));
	snprintf(out, sizeof(out), "outside:inside,%s", how);
	snprintf(in, sizeof(in), "inside:outside,%s", how);
	p->phone = fork();
	assert_true(p->phone >= 0);
	if (p->phone == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, "tp-phone", "--phone", edge, "--phone", core, "--call", out, "--call", in,
		      (char *)NULL);
		_exit(127);
	}
}

static void make_calls(struct pair *p, const char *edge_extra, const char *core_extra)
{
	start_phones(p, edge_extra, core_extra, "count=2,rate=10,seconds=1");
	run_until(p, phones_ended, 40, "the phones' calls");
	assert_int_equal(p->phone_status, 0);
	run_until(p, nothing_left, 20, "the end of all dialogs and sessions");
}

/* ------------------------------------------------------------------ tests */

static void calls_cross_both_ways(void **state)
{
	struct pair p;

	(void)state;
	start(&p, 20, 20);
	launch(&p);
	run_until(&p, link_is_up, 15, "the link");
	assert_true(p.node[CORE].zone.round_trip_us > 0);
	assert_true(strncmp(p.node[EDGE].zone.tls, "TLSv1.3", 7) == 0);
	make_calls(&p, "", "");
	assert_int_equal(p.node[EDGE].ended, 4);
	assert_int_equal(p.node[EDGE].ended_good, 4);
	assert_int_equal(p.node[CORE].ended_good, 4);
	stop(&p);
}

static void encrypted_meets_plain(void **state)
{
	struct pair p;

	(void)state;
	start(&p, 22, 20);
	p.account_encryption[EDGE] = TP_ENCRYPTION_FORCE_ENCRYPTED;
	p.account_encryption[CORE] = TP_ENCRYPTION_FORCE_UNENCRYPTED;
	launch(&p);
	run_until(&p, link_is_up, 15, "the link");
	make_calls(&p, ",srtp=AEAD_AES_256_GCM", "");
	make_calls(&p, ",srtp=AES_CM_128_HMAC_SHA1_80", "");
	stop(&p);
}

static void refuse_case(unsigned subnet, void (*spoil)(struct pair *), const char *edge_says,
			const char *core_says)
{
	struct pair p;

	start(&p, subnet, 20);
	spoil(&p);
	launch(&p);
	p.says[EDGE] = edge_says;
	p.says[CORE] = core_says;
	run_until(&p, both_say_why, 15, edge_says);
	stop(&p);
}

static void spoil_password(struct pair *p)
{
	p->link_password[CORE] = "another";
}

static void spoil_name(struct pair *p)
{
	p->verify_name[CORE] = "somebody.else.test";
}

static void spoil_trust(struct pair *p)
{
	p->trust_nothing = true;
}

static void spoil_date(struct pair *p)
{
	make_identity(&p->node[EDGE], -1);
}

static void refusals_are_said_on_both_sides(void **state)
{
	(void)state;
	refuse_case(24, spoil_password, "wrong user name or password", "wrong user name or password");
	refuse_case(26, spoil_name, "name does not match", "name does not match");
	refuse_case(28, spoil_trust, "certificate of the core was refused: issuer unknown",
		    "certificate of the core was refused: issuer unknown");
	refuse_case(30, spoil_date, "expired", "expired");
}

static void calls_outlive_sip(void **state)
{
	struct pair p;

	(void)state;
	start(&p, 40, 20);
	launch(&p);
	run_until(&p, link_is_up, 15, "the link");
	start_phones(&p, "", "", "count=1,seconds=8");
	run_until(&p, two_calls_up, 15, "two calls");
	for (int i = 0; i < 2; i++) {
		kill_child(p.node[i].sip_pid, &p.node[i].sip);
		memset(&p.node[i].zone, 0, sizeof(p.node[i].zone));
		memset(&p.node[i].counters, 0, sizeof(p.node[i].counters));
		start_sip(&p.node[i]);
	}
	run_until(&p, zones_are_up, 20, "the link again");
	run_until(&p, two_calls_up, 20, "the calls taken over");
	run_until(&p, phones_ended, 30, "the phones' end");
	run_until(&p, nothing_left, 10, "the end of the calls taken over");
	stop(&p);
}

static bool core_noticed(struct pair *p)
{
	return p->node[CORE].zone.state != TP_ZONE_STATE_UP;
}

/* The edge's process stands still: nothing but missing answers can tell. */
static void dead_link_is_noticed_and_comes_back(void **state)
{
	struct pair p;

	(void)state;
	start(&p, 42, 20);
	launch(&p);
	run_until(&p, zones_are_up, 15, "the link");
	kill(p.node[EDGE].sip_pid, SIGSTOP);
	run_until(&p, core_noticed, 15, "the loss of the link");
	kill(p.node[EDGE].sip_pid, SIGCONT);
	run_until(&p, zones_are_up, 15, "the link again");
	assert_true(p.node[CORE].zone.connects == 2);
	stop(&p);
}

/* Who only connects to the traversal port is put out, and the link does not notice. */
static void silent_guests_are_put_out(void **state)
{
	char address[48];
	struct pair p;
	int fds[2];

	(void)state;
	start(&p, 44, 20);
	launch(&p);
	run_until(&p, zones_are_up, 15, "the link");
	snprintf(address, sizeof(address), "%s:7001", p.node[EDGE].address);
	assert_int_equal(pipe(fds), 0);
	p.phone = fork();
	assert_true(p.phone >= 0);
	if (p.phone == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[0], 0);
		execlp("openssl", "openssl", "s_client", "-quiet", "-connect", address, (char *)NULL);
		_exit(127);
	}
	close(fds[0]);
	run_until(&p, phones_ended, 20, "the end of a silent connection");
	close(fds[1]);
	run_until(&p, zones_are_up, 1, "the link still");
	assert_int_equal(p.node[EDGE].zone.connects, 1);
	stop(&p);
}

/* An argument picks tests by a pattern. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_cross_both_ways),
		cmocka_unit_test(encrypted_meets_plain),
		cmocka_unit_test(refusals_are_said_on_both_sides),
		cmocka_unit_test(calls_outlive_sip),
		cmocka_unit_test(dead_link_is_noticed_and_comes_back),
		cmocka_unit_test(silent_guests_are_put_out),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
