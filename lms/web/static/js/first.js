// The page that takes a one-time code: a QR code or a mail brings it behind the #, where no server sees it. It goes into the
// field and out of the address, so that no history of a shared device keeps it.

const field = document.querySelector("[data-code]");
if (field && location.hash.length > 1) {
  field.value = grouped(decodeURIComponent(location.hash.slice(1)));
  history.replaceState(null, "", location.pathname + location.search);
  field.form.querySelector("button[type=submit]").focus();
}

function grouped(code) {
  return (code.match(/[0-9A-Za-z]{1,4}/g) ?? []).join("-");
}
