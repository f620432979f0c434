/* Pages that the server makes itself, where the browser application cannot be had: their frame,
 * with the classification banner, and their style. Runs in turnpike-admin. */
#ifndef TP_ADMIN_HTTP_PAGE_H
#define TP_ADMIN_HTTP_PAGE_H

#include "admin/advanced/advanced.h"
#include "core/bytes.h"

/* What stands between <style> and </style> of such a page, and its SHA-256 in base64, by which
 * the policy of all answers allows it. */
const char *tp_page_style(void);
#define TP_PAGE_STYLE_SHA256 "gpz/yeNvAX5PVeprnCCon5pT1sMtc0xMyqW5pB8J1Hw="

enum { TP_PAGE_MAX = 8192 };

/* Everything up to the first line of its text; title is plain text. */
void tp_page_begin(struct tp_wr *wr, struct tp_advanced *advanced, const char *title);
void tp_page_end(struct tp_wr *wr, struct tp_advanced *advanced);
/* Text of any kind, so that it is text in HTML, too. */
void tp_page_put_text(struct tp_wr *wr, const char *text);

#endif
