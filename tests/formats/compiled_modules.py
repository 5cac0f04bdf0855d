"""One module, compiled by each CPython from 3.8 to 3.13: marshalled, compressed, in base64.

The source::
    import os
    class Scaler:
        def __init__(self, mean, **options):
            self.mean = mean
        def transform(self, table, *, columns=()):
            try:
                rows = [numpy.log1p(row - self.mean) for row in table if row is not None]
            except (ValueError, TypeError) as error:
                raise ValueError(f"bad: {error!r:>10}") from error
            first, *rest = rows
            total = 0
            def add(value):
                nonlocal total
                total += value
                return total
            while rest and total < 10:
                add(rest.pop())
            return {name: numpy.sum(first[:3]) for name in columns}
    def run(command):
        import subprocess as sp
        from os import popen
        return os.system(command), popen(command), sp.run(command)
"""

from __future__ import annotations

MARSHALLED = {
    308: (
        "eNp9VM9rG0cUfm9mdrXaqE5LTEghhRB80UUkh9JSjCk0pYeCLi5NupAsa80qVby/PLNqsVjlYLvYPpb21hacY/6lvfbkf6GnvjeW"
        "FFu0Eczozcx7b77ve/P2b1j7SRpf0rAPadKgMYMIvgEttDwBLY9FhFpp7wQioXEX+v4lRw1H782TAkW5CC0oUmqp1Z+oPe2fiEjp"
        "DuUJWn93lGSpGYm1LLz+ljOFNDXYQEy4duEtDvvYqjxNir5slU2zsVHkEXXKqp6UhX0Lxqf1PyofVIdtEMeTYlLHMftYdwfObl9d"
        "OVieuQDK2hmV2TQv7AoL0ujQCBeY7O80ze6e4hgdp6DBJ3CMc/kUis8V1FDjWOyHZogwV0ieNWnXKK3+8P8Sx9ioI/EUPiUec/Va"
        "PYMfoBDPoJEv8BzmnvbOxamgzL7unARzv/HM0ZnQwT6Yo4ZWF+IN3YVw8OMpkFdXh3S/4PtJx1vDEV4TkAkwqTsMeouml9DA8/tz"
        "bKgg+12jargg+wxeiXvwBn8VB2oXDFMkUb1imleHkZeVLx9XTty+aMXgUSRN+XMfjUc7TjLD2rThdjax9ajMq52Ar/Pd3QICmG0t"
        "hK5NUthxafLBdlbSlt0ZvAuaeXuJ/uLBTO48fmSYxA0muGDjmPRoOiMmn8E5/S8QL6vn/ZRk05SNuqyT7BpCmWj9Accrp02As0/+"
        "Hxj5XobrKBhBsETxgKYJ63mP9WQlz1zL/CI+Ji1/c1r2xfDSySlM6CDYaU72LbZVkeQO53hibH1DST0ZXYly57qS4v1KroKoduH3"
        "LMLXxpSm7X53WC1MWZVVv+MqR/Ike5Sqy02jqKK29VLnpExKcG6vJJVmk21X7o0VyO4KAjvZTVckgXdxE7cwQIU91cMNnH24jnjY"
        "97gdmXwct2Ec56WeZmz34vhgmmRXJ4Z1NvdXb8y/8dqMWLYi1zLAQLidG8XiYwb9FbsN+HtGjz6DuevZDHMxF0ideiEbKlcjGuqg"
        "Bi8Ur8aSSieH7hlyhUi2tCDcoZ3uVaYcpda2orSGn0Dr20Nbp3krzZS+RRF9PfI8KXQkbOUc1qFzH24u6wqkVQ/dHgn9cEnNbfwX"
        "8TbYvtJrR7xjv/HRv7qPMRw="
    ),
    309: (
        "eNqFVM2LFEcUr1dV3dPbjq5fEYUYNDGQuQzrSZBlEYzkIAzChkgatOmd6pEx/bVV3coMPR7ckd09SiCXKKxH/6W+etpzbjnlvZoP"
        "3UFNQ71+Vf3q1e/3e/X6A1t5BI47OMz3aBRTkLCA/cIUV2LKlNjjASipnCkLuIJt1nGPaVev/9U8McNddofiuFMooeQbUI5ypzyQ"
        "qoV5vMbd7kdJrPt8JQvN71MmH00NNQsR1zZ7D70ONDKNo6wjGmniZKAlRgStvCiHeWbeM+3i/F+ZdotR44XhMBuWYUgxxp4B4/XZ"
        "kd3FN7sBs7b6eVKlmVliARwtHP4ck/kLzfjSPgzAcvJq+JntwUQ8ZNltyUpWwoCPHgCbSGDj70pUrpZK/u2+5XtQy5f8IfsdWUzk"
        "C5n5s/cG22C1eAyHbOIo55Dvc8ztqtbUm7i1o6cHXHl/MD2tcXbE3+FpwHaf7jOMWlM+IuCEAJU81evDJxISBaJ1gWDfQPOE1ezR"
        "txOosSQVaFmyI/QP2FN+mb2D13xXbjNNJFFWJ6vSYhQ4Sf7kZmHl7fCGdzcCofPnHdAOrljRNKnT+JvJ0JT9PC22PJz/Q+ePb8xF"
        "LnWUmUGu0+5mkuOS2ep+DB87O5G6fW0stm5uaIJ/ggPMeVgObTQHyOEWO8T3HOuics6zKKlicsq8jJJPsIlIqdO0X1pVPBhf/TIw"
        "jD32V1EQAm+B4hqaISl5mZQkDQ9su7ziV1DFP62KHd47tkJy7VsIpkrRP0W+zKLU4hwMtSlPaKiG/ZkodJA+/X8aLsOxXv5vRP+e"
        "1rlu1n4dFXNXFHnRadlqoTDRDqZao1aRWEXTOLENkjpGIGeXYgr9Dfm2xOtLeGtLCBRkLtrycLgE5+En8EBCW7bhDIzPriLudRxq"
        "QqIdho0fhmmuqoT8dhjuVlEy+6JJYX11ea/cEzdM80UDUhU98LhdOVEm+kyg71JYl/5ieNETNrGdmkDKJxywP49EjYWqeY1dU8OR"
        "pNlAYNFEz15Aqg3KFmeI2zfVTqHzfmxMw3Ojr5MSrhmZMk4boSv8AwX4z0jTKFMBN4UNWIX+IxqSy7hWMw/aYNdQ6B8W1OzC54g3"
        "3uZMry3+kf2Zc/8BC7EyIA=="
    ),
    310: (
        "eNp9lM9vE0cUx+fNzK7XGzdAQFBQK0VRLr5YcKgqVVEEAsQByZdUVFqpXW08a2TYX8zsEtlaV4gEJTkiuEGlcORf2mtP+Rd6oe9N"
        "bIdYLYl2PDP73pvv+7x5+zdb+hP43MXHbOCgmIKEBewRU1yJA6bEPg9ASeUcsIAr2GFd95S8+oNvxokZelkPxdFTKKHkR1COcg94"
        "IFUL43iNuzOIklgP+FIUWj+mSD4ONdQsRF077DP0u9DINI6yrmikiZOhlmgRtPKiHOWZ+cy0i+t/ZNorxo0XhqNsVIYh2RiK6cPk"
        "0tmRvfk764BRW4M8qdLMLLQAPi3ymWky73GYrBzCEGxOXg0P2D5MxW8suyFZyUoY8vEGsKkENmmXSK6WSn5w/+L7UMvXXOGbP+Ue"
        "7LFa/AHHbOoo55gfcoznqtaBN3VrR9874sp7zvS9Glcn/BOeAOx83/x0yNC+rXw8n9P5yHGlP4CvAFIClNRVEr2Jw1NWs99Xp1Bj"
        "QSrQvGQnOD9iz/j37BO85S/4DtOUIkJ1siotxoGT5E/vFBZulze8dzsQOt/rgnZwxyLTxKbxt5KRKQd5Wmx7c8ibbLI5g1zqKDPD"
        "XKe9rSTHLbPdO3eYOLuR+mV9Irbv3NaUwIUsYJaJzaKDwxFm8TM7xt+Z2nnlnJdRUsU0KfMySr5SJyKlviN/ysPjEiY//r8wtD31"
        "l1WQAm+uYh2HEbHsEEuieGTb5Q2/iRzfWY5d3j+1KLn2rQRTpThfobnMotTqHI60KS9QVKPBGZSrc4rr36a4cMCa+U8IwEOtc920"
        "fx0Xs6ko8qLbshVDNNEuhmpTs0ispGmc2BpJHaOUSwucQl+juS3z6kJgeyGBjMwtIgPXYQ3/vVf8C6HtQEfi82WNTy4v6+53HWpG"
        "Sj8MGz8M01xVCc07YfiiipKzN5pI6x8WN8y9cNc0nzeia4viwRq3excKRgYk/j4Z9uh7hpc+YVPbswmkfMoBO/VE1FiymtfYQTWc"
        "SFoNBZZP9O1VpCohvjhD5b6pdgudD2JjGp4bTdegcc3YlHHaCF3htyjAr0eaRpkKuCmswbJ46sNrC/FI6xbYPQS+MU/ObvxX6o23"
        "dUZsG85DrELnyr/myDP7"
    ),
    311: (
        "eNqNVc1vE0cUn49de+0EnK/SUIgatUBrCiEpvVAhB6mkFaIyhzSkjdRuHa+DTL1eM7NOirWGqAKxRjmYFBSqgmQkikhTtTnSG3+C"
        "I+UQrYQaqSdurtJDxKlvdr2OY4LK7vh5d+bte+/33m/m/Y2aLqn+vzEAYgFpSMMZNIEI+gxp5BrS6COC0BLx1SewJl1DE0TDoygq"
        "PxdT8WSzPV9zo9+1lxJfuPrwFdWIRu8JC2RC0mSwEHACo8lEJsWSpMVGm7DR49qwsIXUxqKGRtEijkexI+mpRDZKHYmnMlMsCGtO"
        "0MiZaSPLOYW3/v7+F5I+kLvsKKqazqZNVS1EPHcD/oSAz3eBmEVrPb22NBey4d4QjhYR+AgmjUxez/JGfBh+AfgJBxu74e0GuhG8"
        "oSygELLRFAacioVPo0ewvNSIuUizR99FZhNEswnvFDmA2N6iZOKtOY1YkkZ/Dtwnj2B2qbFiST8QDRWlK9IMnkHf06/QDLboN/hm"
        "sChr0k3FViAG+ZpSDFgy+6CkaIHv3O/YQYIsmKs057lxbY92u0eMwFJgy9LyQTsIPoKAk7TihIoq8WQTDDdV3SJVX4K4gxfQBWSh"
        "rw8VsYV/l5oTUsE7BWbhErnYCLkQbg3uFpl7bxQx4QWIIGfzOlRbzhgXhnIuIWCSDAw6lBkzTBGl9ngxy8ASehE+mUlzM2nouVjh"
        "QJ0YJktk+ZTB9IGTGQOmeGxgS8s1cQTE5iyqdo95Y3n06ehT9c7Iwtn5sxVa0R6mH0RWegZXewafquJm7SJ0eTKhfdxfoLGhQSYA"
        "bcsS8bPUVc9SCShfAFrexCVcx8cES6PEkacTmXzKkU3DhOjEl3U4Dk1oWqHv1ThgWdjgnR6A9fbO8lgpbo+sdffan7tRPg+3Rqb4"
        "kZ2vR5YW9Tso6vf/1SsRcZxcJ3tfQa0fydwhoAyJP6cuNtbpwuB5PUqZ8OpI2YQOWKfSjJuttdPSydeoXUNL2OPH6rWLDHvjsVmW"
        "7qQW0vPpilyZrFyqTD4Mrew5vLrncEPFTQzwKHxe5H2EMYM5oS8u5+qPNGfkoiGXXFCTxCTEsduNHCjHHTnlKkksxU0m0sDeFqJX"
        "xBIC8W2/e5065VUw1EBQ6GjFJDjA/xLxbwKCGqGh4TWfgjCejIBY6R5b7R6zT9unN591vHX/TDVyqIZwaHhLPOvaX+37sDIGwhsr"
        "XcdXu44/eaPaHgPDmzUKSvC//uY+u92Wy9JaR6ctC297a2gHoaBItzC8v5y/y+YL5cJae8T+pCwtKPPKrfDtcOnc3Dn7XI22qq37"
        "6YWxPANiJTK8Cm/KMO8AjNd396DbnTH6S88J+qcco/GoLA5xwQZVdcKqqhtaPiOe21X1Uj6R8VaY6BrsfX+3uKVzM8skXwgS8U/d"
        "A9+/awTLAMcX64eP1NAu+RR+Hem5kFq3jex3CMvrqtADM6gI3UEjGayTIsHIpFvqFxvPVssWgVObtM5ZuCLteFi26E1R2Fw07h43"
        "0MpkYGoqC4kM8/xkjhnJFOcOMTg7KqgX4Je5mdLhqMyLngp9T9cTWc0hPOcq+B3VS+eQL0SH5me8/intq/pjTeqtbh/P2nbNnSiP"
        "r7T1rbb13c3fzVfGf7py78pj9sf0r9PLFxav/na12harSrH6fmPHGmUbermeL5STHgNi7KN6U+bjIIC+GK+j0Kx710gHFoXaWf7j"
        "yn+b59+hGLbJy8J1/B92gxX8"
    ),
    312: (
        "eNp9VN1vG0UQ30/bZzvY+SgkbVNZtCpcFIW0CEFR5YSoEUKF8GDSikhgOT6ncrB97u65Ida5RBCpThWUhBSlqK3kPtEqD1TihUca"
        "/gFDRBWOIFXqU9/aBEQpPDBr+0yVVJx0c7OzM7+b3+zs3ENPPKzx3T4MYgUZyMAZNIYIehMZZBYZdJXUHcawwWbRGJnGOr+vDCPJ"
        "J3GIi3OghpNS/uBtYIihBjHoVRVPxtg01z2OJ5ZMZFIiSXYgBBRCWw3BxjaKNzen0U08omOHZVOJnE4dJlOZCeGFHcdr5q20mZOS"
        "wioSiTxm2b78tOOLx9O5tBWPF0P1n/W5BkVZaiBm0EZHZ5l9rm2rX9xEgO9NmplCNiebmWF4la8C3y7C6oJ/BQw2PoEWaJKcQUny"
        "wQsIlahNZ/C8x2pmPEnRrsemNppku+1FP0KruK4vkXmdoRIDRPYhLnlKXoNe9Jf9E6p+vpLP9oqDc36DfwQZigME2WCZDOzGXHW/"
        "2CUCkZ5mJJ4/YBPgoCVJWnHYBxw0W3si/5an5O+B/vDsbWIuk/luBtElLQYSK41OoYPI8rgRls/VJsghJPaUuOV1LQa2uUGueK4R"
        "F8/mnxIDlfh5PoWn0Mf0fTSFG7jaFNK9I0U+njBejxRp9Ei/UEeUxDs6qN3toC/xCpqDHioCj4t4DseQUFkJRUsnDj+XyBRSDrdM"
        "K5GRKjIyI/yqn2jCMIrdjZ6xRCInJ0yR7TueMcEko32wrTBkK4hHM+husHVxdG6kPLzR3ll+WwTBel/h3Ffnr3sdnitkoR15xjxz"
        "JF/vWP8p9e9hIUzhaO9N5xsqzZt5h8pCVg8IVTZILjEOSTxTy0qYUw4DIR2eqrnzibSQFthS0hKKtsNyiWxKKPIyUL8LjWewzkxr"
        "simGd/JTtZE/1Ck9IFQb2Dj+xp320Vux72O345eGV04unazQivF1+nr6eujnjv5q+2j5BIgHHtS5vxws80W2EW4t898htuuhD4Xa"
        "FwuXxRfFX4KhRbbiW/It++fffUgb9uXi3Vejd0IDN6xFdim1kl5KV3hlvHK2oq0/2/NjuOen0EDVN/DX1nOo4xR+tBnee/Wtaujw"
        "FsLawGbb/suFyuiNWOWdavfR9baXv9tTDUb/fkBh75+tDhQexPIo8PiMDbWiC96hIFs4BOJbAsvbemToNbYW5KCvtYaGXqFrkfBQ"
        "P13r56CP6FxNDVXEeNzxx+NZ0yhklB6Mx88WEpn6jlC1FQfdXqqdeK2+grlCHb0Mg5hFWwTzrrs9vX+gFj6I685sZ+Nyd8Dk60MY"
        "RmcGlTB8SQZnSQmugNUcJ5Oep1zM5pWEgUD+W9l4Uvs/7wkaQzodqV0lmH4cOjCVgzL4ZWE8L8xkSkqHmFK8qNrHI6ellcpCKxbU"
        "CIZRmc0mcoZDZL7m4A7gejF6XdGhtnpq4/ZXtu831rkZaFk4Nnds8fR6oPurQuX0lfM3xDfnbp67dWb1k2ogWmXRWpl0KnqaVe3d"
        "Xe7HvuP1A4qKlxqDWnaBgE7A+B7S/iRhPIgfIiW3n6d4oBb6L4iziBQ="
    ),
    313: (
        "eNptVd1PHFUUP/feufsJ2eWjlVLQhdCmixb5KNE2uNBWEhVBwzC0CcbJsMySbXZntvfOtikP2sRE0WiEtKRtNGb7JMQH2wcT+yj9"
        "B1ZJDB0xqekTbwixrdEH7539EMFJ9syZ8/E793zcs49g16OU3ztHBVkCFVQ0AgyaoB1U3Awq6cclA4ZUpRkYnkVxuikFY8ndOLiC"
        "c8zDeUfaC2sVMSJxmKISVelCKm2GC5hR1cd8s/54wPWpSSNjsk0i3JJ4D2BYAkY9wPPRTFU1CytobAW5StY0rDhxFW5mUiwoNK7f"
        "zjlp2+Jc4sViMWHTlbviBnQ9baUdXXcjpXhdFYHMn/sFuQrrjU2fBXdkgBWII9eftDP5rMWrp0LiJ4NI6J2vxNe7oSV4FjTUAJOE"
        "4xeB49dE9naf9BgVmFPVE48T2Pec7x5X9kuPhwD6UYl/G492yiLEwFIsoikOys2qJBvSQie8ZlwIWAHNf6zsaTwPMBFS6al6wR8B"
        "0ALtoPnHw/tj9Ffe5Tgx2IUS2IUi85BIWGQY5LhbZnhYZHhrV2a1+/E1nxgjn1LF1/FoaykPjq1gh6AeR1LQBlO+itdUoMKdwH4w"
        "DgJYdMpfkalIowNYxRHowxVcjZpYFVanaQql4BXyHKRQGTuYgrh/bI5OGzOnYnMk0dPNZBuTaM+ENcheilQhgZZgAmlwXOSTRROo"
        "A5iMzeT0xbFLLxmZvOlSx3aMDJeesausRk4cMWZm3NbyVDnMsHjKZtmugYwtRDzRJdSyRLxOkKdX4WFN3YL28dj88HpD0/ybLCKk"
        "myEZiMpAfpda+awYWJqxZ3typZkOTcrYw4zZzA1OXMmVWZKzcy7h+Ww8zCSCOJwxLQ5R552K2ZddRRDuUtMzp6k0446QmdxhB6WN"
        "YhlZkx2QhwuXbkv5GSplFqxm40b35ie7xu+XUtrCJDj4YOD0WoN2b/iOutbYfX34xsjiSIF8nb6dvh35ubH73vD8q8UGbcsHTS3z"
        "NfN0PVo3T/8QfoceByDSsJC/ya7NPaiJLCg3AouBa6FP33pMyvKlud9eSqxFBu9eXnaumzfSi+kCLUwXLhaCawc7f4p23r38Y2Sw"
        "GBj8c/sZaJxETzeizV++Xowc3QEUHNyob7mZL2iF0WW1MFps7V2r7/v+QLEm8dcWEdq/txshOoR4r8jjA+VMG3xEz7QoC0cE+Q6L"
        "zx9ebjsbUlZbqOBX26Jn/WS1p+4sJvcxFTyT8zomWiaWi6ykWC4hXc/aM/mM5Gt0/WLeyJQ1EV336p9JW6Zl6zqTM8HkznUP6Dp3"
        "DCed1A3HYenpvGNyYSAHzxsPrxlMqRC5Sbjs34ewjRE99LDzhSdQS4fQlkdLLsreWaeVvcVKa14s5xGwkHjjEfQGtsStmapu33Hf"
        "/jstdkn1Pmv4P19oPPg/O6CqP0E6IE7GvPsn1ioVY2taceqGeH46x+ykybmLbc66ZDF8/Ap3zKyY37zc7GIHZ7OGNeNinvMMKnu9"
        "VJTeCmmUqk5vi/+iHP5VadoI135+8pOTC+fWwq238oVzX7y3zL69tHLpzuw37xfDiaKS8AoVJ6y7Wt3eyn3/t+xuYKDU0ATrL/8D"
        "8EOCiPFB6BEEn+AoGkK/g6Q77QQNeq7/AOrlimg="
    ),
}
"""By version, as ``violet.formats.bytecode.code`` numbers them."""
