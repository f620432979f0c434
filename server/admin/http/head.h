/* Strict check of a request's head before CivetWeb parses it: one reading of where a
 * request ends and whom it is for, or none. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_HTTP_HEAD_H
#define TP_ADMIN_HTTP_HEAD_H

#include <stddef.h>

enum { TP_HTTP_HEADERS_MAX = 64, TP_HTTP_HEAD_MAX = 16384 };

/* head: request line, header lines and the empty line, len bytes in all. 0: go on.
 * Else the status to refuse with (RFC 9110, RFC 9112, RFC 6585):
 *   400 malformed or ambiguous: anything but CRLF at line ends, folded lines, a space
 *       before the colon, control bytes, no or two Hosts, two Content-Lengths or one
 *       that is not digits, Transfer-Encoding beside Content-Length, a target that is
 *       not a path or escapes a control byte;
 *   405 a method that is not GET POST PUT DELETE OPTIONS;
 *   411 Transfer-Encoding alone (bodies are sent with their length);
 *   431 more than TP_HTTP_HEADERS_MAX headers;
 *   505 a version that is not HTTP/1.0 or HTTP/1.1. */
int tp_http_check_head(const char *head, size_t len);

#endif
