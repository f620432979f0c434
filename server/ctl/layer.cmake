tp_layer(ctl SEES os core tls audit PKGS libcurl jansson openssl EXCLUDE "/main\\.c$")
tp_program(turnpikectl ctl main.c)
