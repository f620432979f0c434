tp_layer(audit SEES core PKGS libcrypto)
