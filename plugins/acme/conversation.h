/* What uacme says, understood line by line: the challenges it asks about, and the words
 * of a server that refuses. No I/O. */
#ifndef TP_ACME_CONVERSATION_H
#define TP_ACME_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>

enum tp_heard {
	TP_HEARD_NOTHING,
	TP_HEARD_CHALLENGE, /* it waits for y or n about this one */
	TP_HEARD_UNTRUSTED, /* nobody vouches for the directory's server; it would try again */
};

struct tp_conversation {
	/* The challenge it asked about last. */
	char type[16];
	char name[256];
	char token[256];
	char proof[512];

	char block[16384]; /* JSON that is being said */
	size_t block_len;
	bool in_block;

	char problem[1600]; /* the server's own words, printable; empty: none */
	bool account_unknown;
	char last[400]; /* the last line of uacme's own */
};

enum tp_heard tp_conversation_hear(struct tp_conversation *c, const char *line);
/* Why it failed, in words. */
void tp_conversation_why(const struct tp_conversation *c, char *text, size_t size);

#endif
