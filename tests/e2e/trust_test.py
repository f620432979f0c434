#!/usr/bin/env python3
"""The list of trusted authorities and the list of all certificates, over the HTTP API."""
import csv
import datetime
import io
import pathlib
import subprocess
import tempfile
import urllib.parse

from admin import ApiError
from appliance import One
from cases import check, run, wait_until

ADDRESS = ("127.0.5.9", 7443)
DAY = datetime.timedelta(days=1)


# ------------------------------------------------------------------------ helpers

def openssl(*args, text=None):
    done = subprocess.run(["openssl", *args], input=text, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")
    return done.stdout


def authority(common_name, days=1000, ca=True, organization="Test"):
    """A self-signed certificate as PEM."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "c.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", "/dev/null", "-out", str(path), "-days", str(days), "-utf8",
                "-subj", f"/O={organization}/CN={common_name}",
                "-addext", f"basicConstraints=critical,CA:{'TRUE' if ca else 'FALSE'}")
        return path.read_text()


def append(one, *pems, **more):
    return one.admin.post("/api/v1/trust/append", {"pem": "".join(pems), **more})


def trusted(one):
    return one.admin.get("/api/v1/trust")["certificates"]


def names(one, state=None):
    return sorted(row["name"] for row in trusted(one) if state in (None, row["state"]))


def text(one, path):
    """An answer that is not JSON."""
    status, headers, body = one.admin.fetch("GET", path)
    check(status == 200, f"{path}: {status} {body}")
    return headers, body


def refused(status, call, *args, **kw):
    try:
        call(*args, **kw)
    except ApiError as fault:
        check(fault.status == status, f"status {fault.status}, {status} was expected: {fault.body}")
        return fault.body
    raise AssertionError(f"was not refused: {args}")


# -------------------------------------------------------------------------- trust

def a_fresh_appliance_trusts_nobody(one):
    answer = one.admin.get("/api/v1/trust")
    check(answer["certificates"] == [], f"{answer['certificates']}")
    check([use["name"] for use in answer["uses"]] == ["sip", "traversal", "ldap", "web-login"], f"{answer['uses']}")
    check(answer["default-list"]["trusted"] == 0, f"{answer['default-list']}")
    set_up = one.admin.post("/api/v1/setup/complete", {
        "role": "edge", "host-name": "edge.lab.test", "peer": None,
        "networks": [{"name": "lan", "address": ADDRESS[0]}]})
    check(set_up["revision"], f"{set_up}")
    check(trusted(one) == [], "the wizard made the appliance trust somebody")


def row_59_append_adds_only_new_ones(one):
    first, second = authority("Root A"), authority("Root B")
    answer = append(one, first)
    check(answer["added"] == 1 and answer["results"][0]["name"] == "Root A", f"{answer}")
    answer = append(one, first, "a remark between\n", second)
    check([r["result"] for r in answer["results"]] == ["known", "added"], f"{answer}")
    check(names(one) == ["Root A", "Root B"], f"{names(one)}")
    answer = append(one, authority("Root A"))
    check(answer["added"] == 0 and answer["results"][0]["result"] == "refused" and
          "Delete that one first" in answer["results"][0]["text"], f"{answer}")
    one.admin.post("/api/v1/trust/delete", {"names": ["Root A"]})
    check(append(one, authority("Root A"))["added"] == 1, "the successor is still refused")
    answer = append(one, authority("www.example.com", ca=False))
    check(answer["added"] == 0 and "CA:TRUE" in answer["results"][0]["text"], f"{answer}")
    refused(400, append, one, "no certificate in here")
    refused(400, append, one, first, use=["web"])
    diff = one.admin.get("/api/v1/config/diff")["changes"]
    check(any("trusted-ca" in change["path"] for change in diff), f"not in the candidate: {diff}")


def row_59_a_choice_of_uses_goes_with_it(one):
    append(one, authority("Phones only"), use=["sip"])
    row = next(r for r in trusted(one) if r["name"] == "Phones only")
    check(row["use"] == ["sip"] and row["state"] == "new", f"{row}")
    one.admin.commit("trust")
    row = next(r for r in trusted(one) if r["name"] == "Phones only")
    check(row["state"] == "in-force", f"{row}")


def row_61_decoded_and_pem(one):
    headers, body = text(one, "/api/v1/trust/text")
    check(headers["Content-Type"].startswith("text/plain"), f"{headers}")
    check(body.count("Certificate:\n") == len(trusted(one)), body[:400])
    _, body = text(one, "/api/v1/trust/Root%20A/text")
    pem = text(one, "/api/v1/trust/Root%20A/pem")[1]
    check(body.endswith(openssl("x509", "-noout", "-text", "-nameopt", "RFC2253", text=pem) + "\n"),
          f"not what openssl prints: {body[:600]}")
    headers, body = text(one, "/api/v1/trust/pem")
    check("attachment" in headers["Content-Disposition"], f"{headers}")
    check(body.count("BEGIN CERTIFICATE") == len(trusted(one)), body[:200])
    refused(404, one.admin.get, "/api/v1/trust/Root%20X/text")


def row_62_delete_selected(one):
    append(one, authority("Goes 1"), authority("Goes 2"), authority("Stays"))
    body = refused(404, one.admin.post, "/api/v1/trust/delete", {"names": ["Goes 1", "Nobody"]})
    check("Nobody" in body and "Goes 1" in names(one), f"{body} {names(one)}")
    answer = one.admin.post("/api/v1/trust/delete", {"names": ["Goes 1", "Goes 2"]})
    check(answer == {"deleted": 2}, f"{answer}")
    check(not {"Goes 1", "Goes 2"} & set(names(one)) and "Stays" in names(one), f"{names(one)}")
    one.admin.post("/api/v1/trust/delete", {"names": ["Root A"]})
    check("Root A" in names(one, "deleted"), "what the commit will take away is not shown")
    one.admin.post("/api/v1/config/discard")


def row_60_reset_to_the_default_list(one):
    before = names(one)
    answer = one.admin.post("/api/v1/trust/reset")
    rows = [row for row in trusted(one) if row["state"] != "deleted"]
    check(answer["certificates"] == len(rows) > 30, f"{answer} {len(rows)}")
    check(all(row["default"] and row["use"] == ["sip"] for row in rows), f"{rows[0]}")
    check(set(before) <= set(names(one, "deleted")), f"{before} is not replaced")
    one.admin.commit("default list")
    check(names(one) == sorted(row["name"] for row in rows), "the commit gave another list")


def row_64_isrg_is_in_and_what_expired_is_not(one):
    rows = trusted(one)
    check("ISRG Root X1" in [row["common-name"] for row in rows], "ISRG Root X1 is missing")
    check(not [row for row in rows if "DST Root" in row["subject"]], "DST Root CA X3 is in")
    now = one.admin.get("/api/v1/status")["now-at"]
    check(all(row["not-after-at"] > now for row in rows), "an expired certificate is in")
    about = one.admin.get("/api/v1/trust")["default-list"]
    check(about["trusted"] == about["certificates"] == len(rows), f"{about}")


# ------------------------------------------------------------- all certificates

def listed(one, *filters, **more):
    query = [("filter", f) for f in filters] + list(more.items())
    answer = one.admin.get("/api/v1/certificates?" + urllib.parse.urlencode(query))
    return answer["total"], answer["certificates"]


def alarms(one, code):
    """Subjects of the open alarms of a code, with severity."""
    return {a["subject"]: a["severity"] for a in one.admin.get("/api/v1/alarms")["alarms"]
            if a["code"] == code and not a["cleared-at"]}


def row_66_and_wish_14_one_list_with_filters_order_and_pages(one):
    total, rows = listed(one)
    check(total > 50 and len(rows) == 50, f"a page has {len(rows)} of {total} rows")
    check({r["type"] for r in rows} <= {"self-signed", "CA-signed"}, f"{rows[0]}")
    _, rows = listed(one, "common-name:is-exactly:edge.lab.test")
    check(len(rows) == 1 and rows[0]["kind"] == "identity" and rows[0]["type"] == "CA-signed" and
          rows[0]["distribution"] == "this server", f"{rows}")
    check("temporary CA" in rows[0]["issued-by"], f"{rows}")
    _, rows = listed(one, "common-name:contains:isrg", sort="-expires-at")
    check([r["common-name"] for r in rows] == ["ISRG Root X2", "ISRG Root X1"], f"{rows}")
    check("SIP" in rows[0]["description"], f"{rows[0]}")
    day = "2036-01-01"
    before, rows = listed(one, f"expires-at:is-before:{day}", "certificate:begins-with:d")
    check(before and all(r["expires-at"] < day and r["certificate"].startswith("D") for r in rows), f"{rows}")
    first = listed(one, sort="expires-at", limit=5)[1]
    second = listed(one, sort="expires-at", limit=5, offset=5)[1]
    check(sorted(r["expires-at"] for r in first + second) == [r["expires-at"] for r in first + second] and
          not {r["id"] for r in first} & {r["id"] for r in second}, "pages or order are wrong")
    refused(400, listed, one, "expires-at:is-before:tomorrow")
    refused(400, listed, one, "type:is-before:2030-01-01")


def row_66_csv(one):
    headers, body = text(one, "/api/v1/certificates.csv?filter=common-name:contains:isrg")
    check(headers["Content-Type"].startswith("text/csv") and "attachment" in headers["Content-Disposition"],
          f"{headers}")
    rows = list(csv.reader(io.StringIO(body)))
    check(len(rows) == 3 and rows[0][:2] == ["Certificate", "Common name"], f"{rows}")
    append(one, authority("=HYPERLINK(1)"))
    one.admin.commit("a formula")
    body = text(one, "/api/v1/certificates.csv?filter=common-name:contains:hyperlink")[1]
    check("'=HYPERLINK(1)" in body, f"a spreadsheet would run {body}")


def row_66_colours_and_alarms_before_the_end(one):
    for days in (5, 20, 50, 90):
        append(one, authority(f"Ends in {days}", days=days))
    one.admin.commit("ends soon")
    wanted = {"Ends in 5": "critical", "Ends in 20": "warning", "Ends in 50": "information"}
    wait_until(lambda: alarms(one, 40003) == wanted, 25, f"alarms are {alarms(one, 40003)}")
    seen = {r["certificate"]: r["expiry"] for r in listed(one, "certificate:begins-with:ends in")[1]}
    check(seen == {**wanted, "Ends in 90": "fine"}, f"{seen}")
    one.admin.post("/api/v1/trust/delete", {"names": list(wanted)})
    one.admin.commit("deleted")
    wait_until(lambda: not alarms(one, 40003), 25, "the alarms stay open")


def row_64_age_of_the_default_list(one):
    about = one.admin.get("/api/v1/trust")["default-list"]
    made = datetime.date.fromisoformat(about["date"])
    today = datetime.date.fromisoformat(one.admin.get("/api/v1/status")["now-at"][:10])
    check(about["age-days"] == (today - made) // DAY, f"{about}")
    check(("default-list" in alarms(one, 40004)) == (about["age-days"] > 400), f"{about} {alarms(one, 40004)}")


def row_66_requests_and_identities_stand_in_the_list(one):
    one.admin.post("/api/v1/identities/sip-client/request", {"key-type": "ec-p256", "distribution": "multi-server"})
    _, rows = listed(one, "type:is-exactly:request")
    check(len(rows) == 1 and rows[0]["common-name"] == "edge-ms.lab.test" and
          rows[0]["distribution"] == "multi-server" and rows[0]["expires-at"] is None, f"{rows}")
    one.admin.delete("/api/v1/identities/sip-client/request")
    check(listed(one, "type:is-exactly:request")[0] == 0, "a discarded request is still listed")


def row_215_names_that_clients_ask_for(one):
    def verdicts(query=""):
        rows = one.admin.get("/api/v1/certificates/names" + query)["names"]
        return {(r["name"], r["service"]): (r["accepted"], r["reason"]) for r in rows}
    seen = verdicts()
    check(len(seen) == 3 and all(ok for ok, _ in seen.values()), f"{seen}")
    one.admin.put("turnpike-sip:sip/registrar/domain", ["phones.test"])
    one.admin.commit("a domain that the certificate lacks")
    ok, reason = verdicts()[("phones.test", "SIP, incoming")]
    check(not ok and "phones.test" in reason, f"{reason}")
    seen = verdicts("?name=www.other.test")
    check(not any(ok for (name, _), (ok, _) in seen.items() if name == "www.other.test"), f"{seen}")
    check(sum(name == "www.other.test" for name, _ in seen) == 3, f"{seen}")


CASES = [a_fresh_appliance_trusts_nobody, row_59_append_adds_only_new_ones,
         row_59_a_choice_of_uses_goes_with_it, row_61_decoded_and_pem, row_62_delete_selected,
         row_60_reset_to_the_default_list, row_64_isrg_is_in_and_what_expired_is_not,
         row_66_and_wish_14_one_list_with_filters_order_and_pages, row_66_csv,
         row_66_colours_and_alarms_before_the_end, row_64_age_of_the_default_list,
         row_66_requests_and_identities_stand_in_the_list, row_215_names_that_clients_ask_for]

if __name__ == "__main__":
    run(CASES, One(ADDRESS))
