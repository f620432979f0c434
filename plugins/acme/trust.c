/* A library that turnpike-acme loads into uacme. Debian's uacme trusts the system's file
 * of authorities and has no option for another; this one makes libcurl trust those in
 * TP_ACME_TRUST alone, and speak nothing but HTTPS. And uacme takes the key of an external
 * account from its command line alone, which every user of the machine may read: there
 * stands the file TP_ACME_BINDING, and here what it holds takes its place. */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 4 << 20, CONNECT_S = 20, ANSWER_S = 60, BINDING_MAX = 1300 };

/* Bytes of a program's memory that /proc shows to nobody else. */
static char *read_binding(const char *file)
{
	FILE *f = fopen(file, "re");
	char *text = f ? calloc(1, BINDING_MAX) : NULL;

	if (text && !fgets(text, BINDING_MAX, f)) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

/* Before main, with main's own list of arguments, as glibc calls it. */
__attribute__((constructor)) static void take_binding(int argc, char **argv)
{
	const char *file = getenv("TP_ACME_BINDING");

	for (int i = 2; file && i < argc; i++) {
		char *text = !strcmp(argv[i - 1], "-e") && !strcmp(argv[i], file) ? read_binding(file) : NULL;

		if (text)
			argv[i] = text;
	}
}

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
