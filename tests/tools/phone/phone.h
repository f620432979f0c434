/* tp-phone: a scripted SIP phone for tests. It shares no code with the server, so
 * that a fault of the server cannot hide itself; one process plays all phones. */
#ifndef TP_TOOLS_PHONE_H
#define TP_TOOLS_PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "media.h"
#include "wire.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

enum {
	PHONES_MAX = 16,
	SCRIPTS_MAX = 32,
	ROUTES_MAX = 8,
	FAILURES_MAX = 32,
	URI_MAX = 512,
	SIP_TEXT_MAX = 65536,
};

struct app;

/* What the command line says of one phone. */
struct phone_spec {
	char name[64];
	char user[64];
	char password[128];
	char domain[128];
	char bind[64];
	char netns[64];
	char ca_file[256];
	char tls_name[128];
	char digest[16]; /* "MD5", "SHA-256", or empty: the first that is offered */
	struct sockaddr_storage server;
	enum wire_kind transport;
	enum media_suite suite;
	bool registers;
	uint16_t port;      /* local SIP port, 0 = any */
	uint16_t answer;    /* status given to an INVITE */
	uint32_t ring_ms;
};

struct phone {
	struct app *app;
	struct phone_spec spec;
	struct wire wire;
	char address[64];      /* as in SDP and Contact */
	bool v6;
	bool registered;
	bool refused;
	bool leaving;          /* takes its registration back */
	bool was_registered;   /* for the report, after that */
	uint32_t register_cseq;
	char register_call_id[128];
	char register_tag[32];
	char authorization[1024];
	bool challenged;       /* the last REGISTER already carried credentials */
	uint64_t register_due; /* ns; 0 = never */
	uint64_t register_timeout;
	uint32_t registrations;
	char trouble[320];
};

/* One --call: who calls whom, how often. */
struct script {
	struct phone *from;
	struct phone *to;
	char uri[URI_MAX];
	uint32_t count;
	double rate;         /* calls a second */
	double seconds;      /* of media in each */
	uint32_t concurrent; /* most at a time; 0 = no limit */
	uint32_t started;
	uint32_t live;
	uint64_t due;        /* ns, of the next one */
};

enum leg_state {
	LEG_CALLING,   /* INVITE sent */
	LEG_RINGING,   /* INVITE received, not answered */
	LEG_ANSWERED,  /* 2xx sent, waiting for the ACK */
	LEG_TALKING,
	LEG_DRAINING,  /* stopped sending, waiting for what is under way */
	LEG_ENDING,    /* BYE or CANCEL sent */
	LEG_DONE,
};

struct leg {
	struct leg *next;
	uint32_t id;           /* stands in tags, branches and media packets */
	struct phone *phone;
	struct script *script; /* caller legs */
	enum leg_state state;
	bool caller;
	bool failed;
	bool cancelled;
	char why[160];
	char call_id[256];
	char local_tag[48];
	char local_uri[URI_MAX];  /* From or To value without tag */
	char remote_uri[URI_MAX]; /* with the tag as soon as it is known */
	char target[URI_MAX];
	char routes[ROUTES_MAX][URI_MAX];
	size_t route_count;
	char authorization[1024];
	uint32_t cseq;
	uint32_t remote_cseq;
	uint32_t attempts;      /* INVITEs sent, for the branch */
	char *resend;           /* what is repeated until answered */
	size_t resend_len;
	uint64_t resend_due;
	uint64_t resend_after;
	char *ack;              /* repeated when the 2xx is */
	size_t ack_len;
	uint64_t give_up;       /* ns: state's time limit */
	uint64_t next_due;      /* ns: answer, drain or hang up */
	uint64_t started;
	uint64_t answered;
	struct media media;
};

/* Media of all legs that are over, by the phone that sent it. */
struct tally {
	uint64_t sent;
	uint64_t received;
	uint64_t duplicate, corrupt, foreign, reordered, srtp_failed;
	uint64_t rtcp_sent, rtcp_received;
	uint64_t missed_first; /* lost before the first packet of their leg that arrived */
	uint32_t legs;
	uint32_t silent_legs; /* were talked to by nobody although the call was answered */
	uint32_t gap_ms;
	uint32_t first_ms;
};

struct told_gap {
	uint32_t leg;
	struct media_gap gap;
};

struct app {
	int epoll;
	uint64_t now; /* ns, monotonic */
	uint64_t stop_at;      /* answer calls until then, even without scripts */
	bool stopping;
	bool interrupted;
	bool trace;            /* every SIP message to standard error */
	struct phone phones[PHONES_MAX];
	size_t phone_count;
	struct script scripts[SCRIPTS_MAX];
	size_t script_count;
	struct leg *legs;
	struct leg **by_id;    /* NULL when folded into the tally */
	uint8_t *phone_of;     /* by leg id: index of its phone */
	struct tally tally[PHONES_MAX]; /* what each phone sent, counted where it arrived */
	struct told_gap gaps[64];
	size_t gap_count;
	uint32_t leg_count;
	uint32_t leg_capacity;
	uint32_t calls;
	uint32_t failed;
	char failures[FAILURES_MAX][256];
	size_t failure_count;
	uint32_t *setup_us;    /* of each answered call */
	size_t setup_count;
	size_t setup_capacity;
	uint64_t slot_time;    /* ns of the last media slot served */
	uint32_t slot;
	uint32_t packet_ms;    /* from packet to packet: 20, or more for many calls with little audio */
};

/* spec.c */
bool spec_parse_phone(const char *text, struct phone_spec *out);
bool spec_parse_call(struct app *app, const char *text, struct script *out);

/* register.c */
void phone_register(struct phone *p, uint32_t expires);
void phone_on_register_answer(struct phone *p, const char *msg, unsigned status);
void phone_tick(struct phone *p);

/* digest.c: makes the value of (Proxy-)Authorization for a challenge found in `msg`;
 * writes a whole header line. False: no challenge that we can answer. */
bool digest_answer(const struct phone_spec *spec, const char *msg, const char *method, const char *uri,
		   char *line, size_t size);

/* leg.c, answer.c */
struct leg *leg_new(struct phone *p, bool caller);
void leg_call(struct phone *p, struct script *script);
void leg_fail(struct leg *leg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void leg_finish(struct leg *leg);
void leg_tick(struct leg *leg);
void leg_hang_up(struct leg *leg);
void leg_send(struct leg *leg, const char *text, size_t len, bool repeat);
void leg_stop_repeating(struct leg *leg);
void leg_start_media(struct leg *leg);
void leg_on_answer(struct leg *leg, const char *msg, unsigned status, const char *method);
void answer_request(struct phone *p, const char *msg, const char *method);
void answer_accept(struct leg *leg);

/* Called by the wire for each whole message. */
void phone_on_message(struct phone *p, char *msg, size_t len);

void phone_trace(const struct phone *p, const char *what, const char *msg, size_t len);

/* report.c: a leg that is over goes into the tally and is freed. */
void report_fold(struct app *app, struct leg *leg);
void report_write(struct app *app);
bool report_good(const struct app *app);

uint64_t now_ns(void);

#endif
