/* OCSP answers from anywhere, to a question about one fixed certificate: whatever they
 * hold, a verdict that means something needs the signature of who may give it. */
#include <stdlib.h>

#include <openssl/pem.h>

#include "tls/ocsp.h"

enum { NOW = 1795312000 };

static const char root[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBUTCB+KADAgECAhQBQ+71SmAkT2iB9nk4Xmdv0SHO2zAKBggqhkjOPQQDAjAP\n"
	"MQ0wCwYDVQQDDARyb290MB4XDTI2MTEyMjAxNDEwM1oXDTI2MTIyMjAxNDEwM1ow\n"
	"DzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGz9WO3K\n"
	"6gJSamwUdJuC5h5fSpPpWTaLzvVAsTdRANWfk3UnEAH+YJiYMwwla1jVyz8zU5xA\n"
	"1dqKgkLl4MhPf5+jMjAwMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFJ9DfE4X\n"
	"O11WoWHYVkGe7pN4j6I0MAoGCCqGSM49BAMCA0gAMEUCIHMSq3ts2VUhwMiBT4cD\n"
	"UkDV57tcMXkzQ/bZ16BWJvSaAiEAoprwBBVxzJKdkcrm4fPQIq6Sk6XXGzHGcatG\n"
	"zSmYzDc=\n"
	"-----END CERTIFICATE-----\n";
static const char leaf[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBxzCCAW2gAwIBAgICEAMwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAe\n"
	"Fw0yNjExMjIwMTQxMDRaFw0yNjEyMTIwMTQxMDRaMA8xDTALBgNVBAMMBGdvb2Qw\n"
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARzib6AAarC9UcA2R7thivP609XcWB9\n"
	"ys6jnupRsPveHh4trGC68Dd80qvCXuWHhteXRmiX3lm0rl+Pq0kakbbWo4G4MIG1\n"
	"MBgGA1UdEQQRMA+CDXBlZXIubGFiLnRlc3QwHQYDVR0lBBYwFAYIKwYBBQUHAwEG\n"
	"CCsGAQUFBwMCMAsGA1UdDwQEAwIHgDAtBggrBgEFBQcBAQQhMB8wHQYIKwYBBQUH\n"
	"MAGGEWh0dHA6Ly8xOTIuMC4yLjEvMB0GA1UdDgQWBBS2c/IKS5wdP79av0HdzFEy\n"
	"VY1QDzAfBgNVHSMEGDAWgBSfQ3xOFztdVqFh2FZBnu6TeI+iNDAKBggqhkjOPQQD\n"
	"AgNIADBFAiEA16SPVXSE9eQd5qAxd+TT4SC+wPi2ksYV68n4qBuIf/sCIGtOqimQ\n"
	"/zJov2JJVsAdc+7oForKHSuNMNuWBnCww9+S\n"
	"-----END CERTIFICATE-----\n";

static X509 *read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return x;
}

static void ask(struct tp_ocsp_question *question)
{
	X509 *issuer = read(root);
	X509 *certificate = read(leaf);

	if (tp_ocsp_ask(certificate, issuer, question) != TP_OK)
		abort();
	X509_free(certificate);
	X509_free(issuer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tp_ocsp_question question; /* the same for all inputs of a run */
	struct tp_ocsp_answer answer;

	if (!question.issuer)
		ask(&question);
	tp_ocsp_judge(&question, data, size, NOW, &answer);
	if (answer.status == TP_OCSP_NOT_ASKED || answer.status == TP_OCSP_WAITING ||
	    (answer.status != TP_OCSP_GOOD && answer.status != TP_OCSP_REVOKED && !answer.text[0]))
		abort();
	tp_ocsp_answer_fini(&answer);
	return 0;
}
