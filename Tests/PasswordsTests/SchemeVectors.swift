/// Hashes of `Grüße, 7 horses` by passlib 1.7.4, bcrypt 4.0.1, argon2-cffi 25.1, Django 5.2 and Python's hashlib (`$7$` and
/// Keycloak's, put together by hand). Only yescrypt's are by libxcrypt itself.
enum Vectors {
    static let all =
        bcrypt + argon2 + scrypt + cryptScrypt + django + passlib + keycloak + shaCrypt + yescrypt
    /// One of each form that costs little enough to be tried in many ways.
    static let cheap = [
        bcrypt[2], argon2[0], argon2[1], argon2[7], scrypt[1], cryptScrypt[1], yescrypt[0], django[0], passlib[1],
        keycloak[1], keycloak[3], shaCrypt[2],
    ]

    static let bcrypt = [
        "$2a$05$vrMY2z7bwTQGDSJjmRVq7.LT0TNppcJbcevBNMhX6MgAcyqyZlm1m",
        "$2b$05$HqSrR9c035oP.FXKZGLKReBTBA.EGDNgyN2svC.hC9K03DOiTkgiG",
        "$2y$04$PFb2OunbkkWl4Pxi80dwiu48j5cD7H7w4yD83YW7/NbEPygy0i9hO",
    ]

    static let argon2 = [
        "$argon2id$v=19$m=512,t=3,p=1$nsz6ryaTGjETDoTnnuXhxg$mD1WTFi7/m5dCH2gfvX4LprYr9eeOr3qgxRiM4l4KyY",
        "$argon2id$v=19$m=64,t=3,p=4$LZoU6q2sF4XWNj7jWBfe2Q$7yCA0ksiKZ8vN6tKhcFuKgLSzw6ZrkMFdgUM8U8D6Ms",
        "$argon2id$v=19$m=256,t=1,p=1$dn9p1xRgX0c$SFT9W+xtM6VgoclRi0akUA",
        "$argon2id$v=19$m=256,t=2,p=1$+J+rovFzGVI9LEgxcGeHSAj9BtLeVc3B$HPe8UAO35vsX6mMRrlHi9tPTGRcADueml4/x8P8FQpw0"
            + "Lnof/iz8kggJ0JBO38IF/caR2tQw0As6YKTzXC73iA",
        "$argon2id$v=16$m=256,t=2,p=1$5KVRoZhW274cWnqVIiUHXA$vlA/XqeOBbrkwqdI2YGMV/W14AkAFKwm4f6poAmHuDM",
        "$argon2id$v=19$m=128,t=3,p=8$fxNWOiIhLm3uQgpmIufvLA$E2ZNl8rvTfE87+IaP5O/WhsdLa4kPdeA",
        "$argon2id$v=19$m=256,t=3,p=1$L5Cp+NkZ/R4+yw9sTpDlvg$oZO2Gf6o/6iifYwUHaVaEqFcQBJtvSk3",
        "$argon2i$v=19$m=256,t=2,p=1$pIuOIGX+FWtWy3p95OLyTQ$ElTLn8gwUzN0VCd032VKYOImkFgoja7DEahPwMIRrvY",
        "$argon2i$v=19$m=512,t=3,p=1$xUoSNKC0gOCtuL5SSFaOSQ$aQy+VVDotSlo+hBUpxvzSE799d5RJrl11ePN9ZiWBgY",
        "$argon2i$v=19$m=64,t=3,p=4$fm65phV+2JYMnyZqDHh+9g$UvakyQYk4vPNY0h8+92O1ARVVdOnjI5XYAuvO6j2uLU",
        "$argon2i$v=19$m=256,t=1,p=1$MydDP/F1yu0$BQVjb/uB2fG4aITJquKhww",
        "$argon2i$v=19$m=256,t=2,p=1$fzmMbr/GG04QjkGY57InLCXGvxyTUyTO$pRKER70dsXZqFwxwOSudIgtVlvbGX358SmFmKL3541k1X"
            + "3ue+Zo5Zix7ccs9QnS7FYih6eTNUP9HC1QGpwoaDw",
        "$argon2i$v=16$m=256,t=2,p=1$AGYW4f+5csWMcSmGun9lKA$uR4gWqobvSWmBWmwRKUQu5lCiwmKSiiZfpqySn7S8dY",
        "$argon2i$v=19$m=128,t=3,p=8$CuX0Usueep29ZCeSAZzM6A$1whwKOFqUKAZ94g8InuVkCHgcb4jErGJ",
        "$argon2i$v=19$m=256,t=3,p=1$01++5E+FVV2qhjZ8B5KeLQ$P9FyZjmSoKBgOWt6OUVdeCEbzEfDSE4M",
        "$argon2id$m=256,t=2,p=1$5KVRoZhW274cWnqVIiUHXA$vlA/XqeOBbrkwqdI2YGMV/W14AkAFKwm4f6poAmHuDM",
        "$argon2i$m=256,t=2,p=1$AGYW4f+5csWMcSmGun9lKA$uR4gWqobvSWmBWmwRKUQu5lCiwmKSiiZfpqySn7S8dY",
    ]

    static let scrypt = [
        "$scrypt$ln=10,r=8,p=1$AqC0Vooxxti7t9ZaixGiFA$fcfSbshOZ8oFiTSIPY9LqBSvs9mxgrYRUegLmfhAS6I",
        "$scrypt$ln=4,r=1,p=4$X+u9t7aWMiYE4Lz3PqdU6g$OIOINh5lyiyu46G8AUiqivs4FUEubGcrJyFtReh4PMI",
        "$scrypt$ln=11,r=4,p=2$oDQmBEDI+T9n7H0vpTRGiA$jjWoc+huBDgxsDo60b442Hn+ru9pgaIk5r6qFjtg1YQ",
    ]

    static let cryptScrypt = [
        "$7$86..../....SodiumChloride/.$D4Ev909oJE3QQwePryHdQF0MolHwivT9dAVaQwj67O8",
        "$7$6/....2....SodiumChloride/.$86WeOhhZ9jf35CxCmGEkBXv22/7uHegTg.WwuH/pyr5",
    ]

    static let django = [
        "pbkdf2_sha256$1000$seasalt2$17LhYWFGbK+bfZhb9YF2QfLZ/XRVtglOBwNkMfnVdWU=",
        "pbkdf2_sha1$999$Sea salt2$lQB/mXPkITNd6IMBGXG/xm8H6Tk=",
        "pbkdf2_sha512$1200$q5yZ$UZ5lh+Xg3EiCXpXoTCAoviPEIQIJY5IJmtdeG72UkhMAihvwg2djmYEOHj+5D8IWHcuEPq9+tpiBVxteMD"
            + "9CSA==",
    ]

    static let passlib = [
        "$pbkdf2$1000$O.dcay0lREiJ0VqLsdZaCw$n21TqQBE9V.aM/h7AlSg6vq.AEw",
        "$pbkdf2-sha256$1000$LmUMgTCGsHZujbH2HiMkhA$Ev1Kz1Y4tt/ldNDs4bdImUeM/0m.2nsf6M322eXx9mc",
        "$pbkdf2-sha512$1000$hNBaK6V0LkUo5TxnzBkjhA$VYaJJ9Vrl5Tvsk6G/utZk65ibzipHakKU9LTMQi3rnAlLr.DP.aScEg2/K5gXjK"
            + "ahZAPdbgIEofWrSXMOxNEzA",
    ]

    static let keycloak = [
        #"{"credentialData":{"hashIterations":2750,"algorithm":"pbkdf2-sha256","additionalParameters":{}},"secretD"#
            + #"ata":{"value":"/w7BEktvugKv9OXc6we1FXklagTP83EoL26W7cIiWSw0mBwV3o6mZQPhoddy1dGNyx9puhnQr0hVwzWC1+NaXQ==""#
            + #","salt":"MDEyMzQ1Njc4OWFiY2RlZg==","additionalParameters":{}}}"#,
        #"{"credentialData":"{\"hashIterations\":2100,\"algorithm\":\"pbkdf2-sha512\",\"additionalParameters\":{}}"#
            + #"","secretData":"{\"value\":\"gDOl35PU5d4uhQF05zHnqQn0DBSqAdQWDcljzhfJ77Xr0VqQQfMuJLwZJ7OSPM2WpvT53ihA51u"#
            + #"2+3UCbzunsQ==\",\"salt\":\"MDEyMzQ1Njc4OWFiY2RlZg==\",\"additionalParameters\":{}}"}"#,
        #"{"credentialData":{"hashIterations":2000,"algorithm":"pbkdf2","additionalParameters":{}},"secretData":{""#
            + #"value":"kojC9BRPELbcrpJAS3HAtmiaR0IM2MTl3qSxSJYaDM6GvqgR+SvNupobpS5M6OgTIU55VdUjmKnSnvb2dZ7lqg==","salt""#
            + #":"MDEyMzQ1Njc4OWFiY2RlZg==","additionalParameters":{}}}"#,
        #"{"credentialData":"{\"hashIterations\":5,\"algorithm\":\"argon2\",\"additionalParameters\":{\"hashLength"#
            + #"\":[\"32\"],\"memory\":[\"256\"],\"type\":[\"id\"],\"version\":[\"1.3\"],\"parallelism\":[\"1\"]}}","sec"#
            + #"retData":"{\"value\":\"hfZlcqnaob/0CruQQYSoFc9zWypneTmAP3obeuffuzg=\",\"salt\":\"MDEyMzQ1Njc4OWFiY2RlZg="#
            + #"=\",\"additionalParameters\":{}}"}"#,
        #"{"credentialData":{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],""#
            + #"memory":["256"],"type":["i"],"version":["1.0"],"parallelism":["2"]}},"secretData":{"value":"r08LQM8ut9n9"#
            + #"KnRPUtZJty0iaVkSey+1Cfz1e4t/AoM=","salt":"MDEyMzQ1Njc4OWFiY2RlZg==","additionalParameters":{}}}"#,
    ]

    static let shaCrypt = [
        "$5$mpwMWXOwgDdIeoqc$S5n9pmn8jwtlRhWF48AumltwIsmS6STCWvlttUj.6r3",
        "$6$85pdtKCoakSu6b6x$XwPSCKNvDQ06oyk/BmNn70/XAfN.3XR7O6iKfAJSk/./o4jjcVyblICZXajKUkmuabHPW.rgO39g5ZxlQThki/",
        "$5$rounds=1000$fz5I$e/cvzlbrHabFhvwV4NYLF061Tl7nb0thxvs1BRq.P1B",
        "$6$rounds=1400$zyd2haccCL2inpeK$/O4SLrO5ojkH0JPsViITkULUO/6X./c3uJ8yrNg0DvZQVmCPH2b1Je9xHvmQ2XwuG.oWmGdkVL"
            + "SlJGejcIW3Q/",
    ]

    static let yescrypt = [
        "$y$j75$abcdefghijkl/.$VLaj7l1ru/jgpWPvFtiUCuuTqs1M3mkUiADBO9A7iv/",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$yLntl7gaaOhpoIZdgz5LFD2U7iStpTtcF4Bcfwehr24",
    ]
}
