/* The classification banner. Runs in turnpike-admin's workers. */
#include "admin/advanced/banner.h"

#include "admin/http/router.h"

json_t *tp_banner_json(struct tp_advanced *advanced)
{
	struct tp_cfg_advanced s;

	tp_advanced_get(advanced, &s);
	if (!s.enabled)
		return json_null();
	return json_pack("{s:o, s:s}", "text", tp_json_text(s.classification), "colour",
			 tp_classification_colour_name((enum tp_classification_colour)s.colour));
}
