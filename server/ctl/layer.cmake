tp_layer(ctl SEES os core tls PKGS libcurl jansson openssl EXCLUDE "/main\\.c$")
tp_program(turnpikectl ctl main.c)
