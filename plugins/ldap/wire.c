/* The bytes between libldap and a server. Runs in turnpike-ldap. */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

uint64_t tp_wire_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t tp_wire_left_ms(const struct tp_wire *wire)
{
	uint64_t now = tp_wire_now_ms();

	return now < wire->until_ms ? wire->until_ms - now : 0;
}

bool tp_wire_wait(struct tp_wire *wire, short events)
{
	struct pollfd p = { .fd = wire->fd, .events = events };
	uint64_t left;
	int n = 0;

	while ((left = tp_wire_left_ms(wire)) && n == 0) {
		n = poll(&p, 1, (int)left);
		if (n < 0 && errno == EINTR)
			n = 0;
	}
	if (n > 0)
		return true;
	wire->late = n == 0;
	errno = n == 0 ? ETIMEDOUT : errno;
	return false;
}

enum tp_err tp_wire_start_tls(struct tp_wire *wire, struct tp_tls_context *context, const char *name,
			      struct tp_diag *diag)
{
	enum tp_err err = tp_tls_session_new(context, wire->fd, false, name, &wire->tls);

	if (err != TP_OK)
		return tp_fail(diag, err, "", "TLS cannot be started");
	while ((err = tp_tls_session_handshake(wire->tls, diag)) == TP_AGAIN)
		if (!tp_wire_wait(wire, tp_tls_session_wants_write(wire->tls) ? POLLOUT : POLLIN))
			return tp_fail(diag, TP_LIMIT, "", "the TLS handshake took too long");
	return err;
}

void tp_wire_fini(struct tp_wire *wire)
{
	tp_tls_session_free(&wire->tls);
}

/* ------------------------------------------------------------------ for libldap */

/* A result of read() or write() for one of ours; TP_AGAIN is waited for before. */
static ber_slen_t answer(enum tp_err err, size_t len)
{
	if (err == TP_OK)
		return (ber_slen_t)len;
	errno = EIO;
	return err == TP_CLOSED ? 0 : -1;
}

static enum tp_err outcome(ssize_t n, size_t *len)
{
	if (n > 0) {
		*len = (size_t)n;
		return TP_OK;
	}
	if (n == 0)
		return TP_CLOSED;
	return errno == EAGAIN || errno == EINTR ? TP_AGAIN : TP_IO;
}

/* Also of a server that always has one byte more, or one entry more. */
static bool may_read(struct tp_wire *wire)
{
	wire->late = wire->late || tp_wire_left_ms(wire) == 0;
	wire->flooded = wire->received > TP_WIRE_RECEIVED_MAX;
	errno = wire->late ? ETIMEDOUT : EMSGSIZE;
	return !wire->late && !wire->flooded;
}

static ber_slen_t on_read(Sockbuf_IO_Desc *desc, void *buf, ber_len_t cap)
{
	struct tp_wire *wire = desc->sbiod_pvt;
	size_t len = 0;
	enum tp_err err;

	while (may_read(wire)) {
		bool writing = false;

		if (wire->tls) {
			err = tp_tls_session_read(wire->tls, buf, cap, &len, NULL);
			writing = tp_tls_session_wants_write(wire->tls);
		} else {
			err = outcome(read(wire->fd, buf, cap), &len);
		}
		wire->received += len;
		if (err != TP_AGAIN)
			return answer(err, len);
		if (!tp_wire_wait(wire, writing ? POLLOUT : POLLIN))
			return -1;
	}
	return -1;
}

static ber_slen_t on_write(Sockbuf_IO_Desc *desc, void *buf, ber_len_t cap)
{
	struct tp_wire *wire = desc->sbiod_pvt;
	size_t len = 0;
	enum tp_err err;

	for (;;) {
		bool writing = true;

		if (wire->tls) {
			err = tp_tls_session_write(wire->tls, buf, cap, &len, NULL);
			writing = tp_tls_session_wants_write(wire->tls);
		} else {
			err = outcome(write(wire->fd, buf, cap), &len);
		}
		if (err == TP_CLOSED)
			err = TP_IO;
		if (err != TP_AGAIN)
			return answer(err, len);
		if (!tp_wire_wait(wire, writing ? POLLOUT : POLLIN))
			return -1;
	}
}

static int on_setup(Sockbuf_IO_Desc *desc, void *arg)
{
	desc->sbiod_pvt = arg;
	return 0;
}

/* Bytes that are decrypted already make no socket readable. */
static int on_control(Sockbuf_IO_Desc *desc, int option, void *arg)
{
	const struct tp_wire *wire = desc->sbiod_pvt;

	if (option == LBER_SB_OPT_DATA_READY && wire->tls && tp_tls_session_pending(wire->tls))
		return 1;
	return LBER_SBIOD_CTRL_NEXT(desc, option, arg);
}

static int on_end(Sockbuf_IO_Desc *desc)
{
	desc->sbiod_pvt = NULL;
	return 0;
}

static int on_close(Sockbuf_IO_Desc *desc)
{
	(void)desc;
	return 0;
}

Sockbuf_IO tp_wire_io = {
	.sbi_setup = on_setup,
	.sbi_remove = on_end,
	.sbi_ctrl = on_control,
	.sbi_read = on_read,
	.sbi_write = on_write,
	.sbi_close = on_close,
};
