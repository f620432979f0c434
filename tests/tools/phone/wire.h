/* One SIP transport of a phone: UDP, TCP or TLS, with framing and reconnect. */
#ifndef TP_TOOLS_WIRE_H
#define TP_TOOLS_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct phone;

enum wire_kind { WIRE_UDP, WIRE_TCP, WIRE_TLS };
enum wire_state { WIRE_CLOSED, WIRE_CONNECTING, WIRE_HANDSHAKE, WIRE_OPEN };

/* What an epoll event points to: the first field of everything that has an fd. */
enum source_kind { SOURCE_WIRE, SOURCE_RTP, SOURCE_RTCP, SOURCE_SIGNAL };
struct source {
	enum source_kind kind;
	void *owner;
	int fd;
};

struct wire {
	struct source source;
	enum wire_state state;
	SSL_CTX *ctx;
	SSL *ssl;
	char *in;
	size_t in_len;
	char *out;
	size_t out_len;
	size_t out_capacity;
	uint64_t retry_at; /* ns; reconnect then */
	uint32_t connects;
	uint16_t local_port;
};

const char *wire_name(enum wire_kind kind);
/* A socket made inside network namespace `netns` ("" = ours). */
int wire_socket(const char *netns, int family, int type);
bool wire_open(struct phone *p);
void wire_close(struct phone *p);
void wire_on_event(struct phone *p, uint32_t events);
/* False when the connection is not there; the caller's timers try again. */
bool wire_send(struct phone *p, const char *data, size_t len);
void wire_tick(struct phone *p);

#endif
