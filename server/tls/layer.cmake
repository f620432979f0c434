tp_layer(tls SEES core PKGS openssl)
