tp_layer(tls SEES os core PKGS openssl)
