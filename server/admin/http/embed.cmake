# Makes a C file that holds the browser application, each file gzipped.
#   cmake -DDIST=<folder> -DOUT=<file.c> -DWORK=<folder> -P embed.cmake
if(NOT EXISTS ${DIST}/index.html)
	message(FATAL_ERROR "The browser application is not built: ${DIST}/index.html is missing. "
		"Run packaging/run --build-only (it runs `npm ci` and `npm run build` in webui/), "
		"or configure with -DTP_WEBUI=OFF to build turnpike-admin without it.")
endif()
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
list(SORT files)
set(types html=text/html js=text/javascript css=text/css txt=text/plain svg=image/svg+xml png=image/png
	ico=image/x-icon woff2=font/woff2 json=application/json webmanifest=application/manifest+json)
set(symbols "")
set(rows "")
set(n 0)
foreach(file ${files})
	string(REGEX REPLACE ".*\\." "" extension ${file})
	set(type "application/octet-stream")
	foreach(known ${types})
		if(known MATCHES "^${extension}=(.*)$")
			set(type "${CMAKE_MATCH_1}")
		endif()
	endforeach()
	if(type MATCHES "^text/")
		string(APPEND type "; charset=utf-8")
	endif()
	execute_process(COMMAND gzip -9 -n -c ${DIST}/${file} OUTPUT_FILE ${WORK}/${n}.gz RESULT_VARIABLE failed)
	if(failed)
		message(FATAL_ERROR "gzip failed for ${file}")
	endif()
	file(SIZE ${WORK}/${n}.gz size)
	file(SHA256 ${DIST}/${file} sha256)
	string(SUBSTRING ${sha256} 0 32 tag)
	string(APPEND symbols "FILE_BYTES(f${n}, \"${WORK}/${n}.gz\")\n")
	string(APPEND rows "\t{ \"/${file}\", \"${type}\", \"\\\"${tag}\\\"\", f${n}, ${size} },\n")
	math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "/* Made by server/admin/http/embed.cmake. */
#include \"admin/http/files.h\"

#define FILE_BYTES(name, path) \\
	__asm__(\".section .rodata\\n.balign 16\\n\" #name \":\\n.incbin \\\"\" path \"\\\"\\n.previous\\n\"); \\
	extern const unsigned char name[] __attribute__((visibility(\"hidden\")));
${symbols}
static const struct tp_ui_file files[] = {
${rows}};

const struct tp_ui_file *tp_ui_files(size_t *count)
{
	*count = ${n};
	return files;
}
")
