// The page works without this: it locks the buttons of a decision that is on its way, and asks
// for the missing comment before the way to the server. No module, so that it needs no loader.
(function () {
    "use strict";
    document.addEventListener("submit", function (ev) {
        const form = ev.target;
        const comment = form.querySelector("textarea");
        const decision = ev.submitter && ev.submitter.value;
        if (comment) {
            comment.required = decision === "return" || decision === "refuse";
            comment.value = comment.value.trim();
            if (comment.required && !comment.value) {
                ev.preventDefault();
                comment.reportValidity();
                comment.focus();
                return;
            }
        }
        if (form.dataset.sent) {
            ev.preventDefault();
            return;
        }
        form.dataset.sent = "1";
        // after the browser has read which button was pressed
        setTimeout(function () {
            for (const button of form.querySelectorAll("button")) {
                button.disabled = true;
            }
        });
    });
    // back from the next page: the browser shows this one as it was left
    window.addEventListener("pageshow", function (ev) {
        if (ev.persisted) {
            window.location.reload();
        }
    });
})();
