/* Runs a fuzz target over the files of a corpus folder, and over mutations of each:
 * cut at every length up to 512 bytes and with single bytes changed. Fails when the
 * folder holds nothing, so that a lost corpus is noticed. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An exact-size copy, so that the address sanitizer sees each byte read too far. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_mutations(uint8_t *data, size_t size)
{
	static const uint8_t values[] = { 0x00, 0x7f, 0x80, 0xff, ' ', ':', '\n', '=' };

	for (size_t n = 0; n < size && n < 512; n++)
		run(data, n);
	for (size_t at = 0; at < size && at < 256; at++) {
		uint8_t kept = data[at];

		for (size_t v = 0; v < sizeof(values); v++) {
			data[at] = values[v];
			run(data, size);
		}
		data[at] = kept;
	}
}

int main(int argc, char **argv)
{
	static uint8_t buf[1 << 20];
	unsigned files = 0;
	struct dirent *e;
	DIR *dir;

	if (argc != 2 || !(dir = opendir(argv[1]))) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	while ((e = readdir(dir))) {
		char path[4096];
		size_t size;
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		f = fopen(path, "rb");
		if (!f) {
			perror(path);
			return 1;
		}
		size = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		run(buf, size);
		run_mutations(buf, size);
		files++;
	}
	closedir(dir);
	printf("%u corpus files replayed\n", files);
	return files ? 0 : 1;
}
