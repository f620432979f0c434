/* Pages that the server makes itself. Runs in turnpike-admin's workers. */
#include "admin/http/page.h"

/* Colours of the banner as in webui/src/app.css (webui/tests/advanced_test.mjs compares them). */
static const char style[] =
	":root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}"
	"body{margin:0;min-height:100vh;display:flex;flex-direction:column}"
	"main{flex:1;box-sizing:border-box;width:100%;max-width:44rem;margin:0 auto;padding:2rem 1rem;"
	"overflow-wrap:anywhere}"
	"h1{font-size:1.5rem;line-height:1.3}"
	".bar{padding:.125rem .5rem;text-align:center;font-weight:700;overflow-wrap:anywhere;"
	"print-color-adjust:exact}"
	".green{background:#007a33;color:#fff}"
	".blue{background:#0033a0;color:#fff}"
	".red{background:#c8102e;color:#fff}"
	".orange{background:#ff8c00;color:#000}"
	".yellow{background:#fce83a;color:#000}"
	".purple{background:#502b85;color:#fff}"
	".white{background:#fff;color:#000}"
	".black{background:#000;color:#fff}";

const char *tp_page_style(void)
{
	return style;
}

void tp_page_put_text(struct tp_wr *wr, const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			tp_wr_fmt(wr, "&#%d;", *text);
		else
			tp_wr_u8(wr, (uint8_t)*text);
	}
}

/* label: tells the bar above from the one below. */
static void put_bar(struct tp_wr *wr, struct tp_advanced *advanced, const char *label)
{
	struct tp_cfg_advanced s;

	tp_advanced_get(advanced, &s);
	if (!s.enabled)
		return;
	tp_wr_fmt(wr, "<section class=\"bar %s\" aria-label=\"%s\">",
		  tp_classification_colour_name((enum tp_classification_colour)s.colour), label);
	tp_page_put_text(wr, s.classification);
	tp_wr_text(wr, "</section>\n");
}

void tp_page_begin(struct tp_wr *wr, struct tp_advanced *advanced, const char *title)
{
	tp_wr_text(wr, "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
		       "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	tp_page_put_text(wr, title);
	tp_wr_fmt(wr, "</title><style>%s</style></head>\n<body>\n", style);
	put_bar(wr, advanced, "Classification");
	tp_wr_text(wr, "<main>\n");
}

void tp_page_end(struct tp_wr *wr, struct tp_advanced *advanced)
{
	tp_wr_text(wr, "</main>\n");
	put_bar(wr, advanced, "Classification, once more");
	tp_wr_text(wr, "</body>\n</html>\n");
}
