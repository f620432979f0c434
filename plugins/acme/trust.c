/* A library that turnpike-acme loads into uacme. Debian's uacme trusts the system's file
 * of authorities and has no option for another; this one makes libcurl trust those in
 * TP_ACME_TRUST alone, and speak nothing but HTTPS. */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>

enum { ANSWER_BYTES_MAX = 4 << 20, CONNECT_S = 20, ANSWER_S = 60 };

CURL *curl_easy_init(void)
{
	const char *trusted = getenv("TP_ACME_TRUST");
	CURL *(*real)(void);
	CURL *curl;

	/* POSIX says how a function's address comes out of dlsym. */
	*(void **)&real = dlsym(RTLD_NEXT, "curl_easy_init");
	curl = real && trusted ? real() : NULL;
	if (curl && curl_easy_setopt(curl, CURLOPT_CAINFO, trusted) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)ANSWER_BYTES_MAX) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_S) == CURLE_OK)
		return curl;
	if (curl)
		curl_easy_cleanup(curl);
	return NULL;
}
