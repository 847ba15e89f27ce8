import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const LAST_STEP = 5;
const SHRINK_ABOVE = 2 * 1024 * 1024;
const SHRINK_TO = 2400; // pixels of the longer side

/** Photos shrink on the device, so that they travel over a weak connection. */
async function shrink(file) {
    if (!["image/jpeg", "image/png"].includes(file.type) || file.size <= SHRINK_ABOVE) {
        return file;
    }
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, SHRINK_TO / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    if (!blob || blob.size >= file.size) {
        return file;
    }
    return new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" });
}

/** The registration form in five steps: checks while typing, saves each step as a draft. */
export class Registration extends Interaction {
    static selector = "form.kh-register-form";
    dynamicContent = {
        _root: {
            "t-att-class": () => ({ "kh-stepped": true }),
            "t-on-submit": this.onSubmit,
        },
        "[data-step]": {
            "t-att-class": (el) => ({ "d-none": Number(el.dataset.step) !== this.step }),
        },
        "[data-goto]": {
            "t-att-class": (el) => ({
                current: Number(el.dataset.goto) === this.step,
                done: Number(el.dataset.goto) < this.step,
            }),
            "t-att-aria-current": (el) => (Number(el.dataset.goto) === this.step ? "step" : ""),
            "t-on-click": (ev) => this.onGoto(Number(ev.currentTarget.dataset.goto)),
        },
        ".kh-prev": {
            "t-att-class": () => ({ "d-none": this.step === 1 }),
            "t-on-click": () => this.onGoto(this.step - 1),
        },
        ".kh-next": {
            "t-att-class": () => ({ "d-none": this.step === LAST_STEP }),
            "t-att-disabled": () => (this.busy ? "disabled" : undefined),
            "t-on-click": () => this.onGoto(this.step + 1),
        },
        ".kh-submit": {
            "t-att-class": () => ({ "d-none": this.step !== LAST_STEP }),
            "t-att-disabled": () => (this.busy ? "disabled" : undefined),
        },
        ".kh-saved": { "t-out": () => this.savedText },
        "[data-check]": {
            "t-on-change": (ev) => this.queueCheck(ev.currentTarget),
        },
        "input[type=text], input[type=tel], input[type=email], select": {
            "t-on-keydown": this.onKeydown,
            "t-on-change": (ev) => this.onChanged(ev.currentTarget),
        },
        "input[type=file]": { "t-on-change": (ev) => this.onFile(ev.currentTarget) },
        ".kh-documents": { "t-on-click": this.onRemove },
        "input[name=member_type]": { "t-on-change": () => {} },
        ".kh-for-company": {
            "t-att-class": () => ({ "d-none": this.memberType !== "company" }),
        },
        ".kh-for-person": {
            "t-att-class": () => ({ "d-none": this.memberType === "company" }),
        },
        ".kh-for-personal": {
            "t-att-class": () => ({ "d-none": this.memberType !== "personal" }),
        },
        ".kh-for-vip": {
            "t-att-class": () => ({ "d-none": this.memberType !== "vip" }),
        },
        ".kh-for-bank": {
            "t-att-class": () => ({ "d-none": this.memberType === "personal" }),
        },
        ".kh-mail-link": {
            "t-att-class": () => ({ "d-none": !this.field("application_id").value }),
            "t-on-click": () => this.onMailLink(),
        },
        ".kh-mail-sent": { "t-out": () => this.mailText },
    };

    setup() {
        this.step = 1;
        this.busy = false;
        this.savedText = "";
        this.mailText = "";
        this.saving = Promise.resolve();
        this.checking = Promise.resolve();
    }

    start() {
        const wrong = this.el.querySelector(".kh-field-wrong");
        if (wrong) {
            this.step = Number(wrong.closest("[data-step]").dataset.step);
        }
        this.updateContent();
        wrong?.querySelector("input, select")?.focus();
    }

    get memberType() {
        return this.el.querySelector("input[name=member_type]:checked")?.value || "company";
    }

    field(name) {
        return this.el.elements[name];
    }

    // ------------------------------------------------------------------ steps

    /** Going on asks for what the step requires; going back never does. */
    async onGoto(step) {
        if (this.busy || step === this.step || step < 1 || step > LAST_STEP) {
            return;
        }
        if (step > this.step) {
            await this.waitFor(this.checking);
            for (let at = this.step; at < step; at++) {
                if (!this.isStepComplete(at)) {
                    this.show(at);
                    return;
                }
            }
        }
        this.prefill(step);
        this.busy = true;
        this.updateContent();
        const saved = await this.waitFor(this.save());
        this.busy = false;
        this.show(saved ? step : this.step);
    }

    show(step) {
        this.step = step;
        if (step === LAST_STEP) {
            this.renderSummary();
        }
        // who has begun here needs no link to a form begun elsewhere
        document.querySelector(".kh-resume")?.classList.toggle("d-none", step > 1);
        this.updateContent();
        const section = this.el.querySelector(`[data-step="${step}"]`);
        const wrong = section.querySelector(".kh-field-wrong input, .kh-field-wrong select");
        if (wrong) {
            wrong.focus();
        } else {
            this.el.scrollIntoView({ block: "start" });
        }
    }

    isStepComplete(step) {
        let complete = true;
        const section = this.el.querySelector(`[data-step="${step}"]`);
        for (const input of section.querySelectorAll("[data-required]")) {
            if (this.isOptional(input) || this.hasValue(input)) {
                continue;
            }
            const missing =
                input.type === "file" ? _t("Please add a photo or scan.") : _t("Please fill in.");
            this.setMessage(input, missing, "wrong");
            complete = false;
        }
        const wrong = [...section.querySelectorAll(".kh-field-wrong input")];
        return complete && wrong.every((input) => this.isOfOtherType(input));
    }

    /** What the type of member does not ask for is hidden; a person's document is optional. */
    isOptional(input) {
        if (input.name === "license_file") {
            return this.memberType !== "company";
        }
        return this.isOfOtherType(input);
    }

    isOfOtherType(input) {
        const part = input.closest(".kh-for-company, .kh-for-person, .kh-for-bank");
        return Boolean(part?.classList.contains("d-none"));
    }

    hasValue(input) {
        if (input.type === "file") {
            const name = this.el.querySelector(`[data-file-of="${input.name}"]`);
            return Boolean(input.files.length || name.dataset.hasFile);
        }
        return Boolean(input.value.trim());
    }

    /** Never ask twice what is known. */
    prefill(step) {
        if (step !== 4) {
            return;
        }
        const copies = [
            ["invoice_title", this.field("name").value],
            ["invoice_phone", this.field("phone").value],
            ["invoice_address", this.getAddress()],
        ];
        for (const [name, value] of copies) {
            if (!this.field(name).value) {
                this.field(name).value = value;
            }
        }
    }

    getAddress() {
        const province = this.field("state_id").selectedOptions[0];
        const parts = [this.field("state_id").value ? province.textContent : ""];
        for (const name of ["city", "street2", "street"]) {
            parts.push(this.field(name).value);
        }
        return parts.join("");
    }

    renderSummary() {
        const list = this.el.querySelector(".kh-summary");
        const rows = [];
        for (const label of this.el.querySelectorAll("[data-step] label[for]")) {
            const input = this.el.querySelector(`#${label.htmlFor}`);
            if (!input?.name || !input.matches("input:not([type=file]), select") || !input.value) {
                continue;
            }
            if (this.isOfOtherType(input)) {
                continue;
            }
            const term = document.createElement("dt");
            const text = label.cloneNode(true);
            text.querySelectorAll(".d-none, .kh-optional").forEach((part) => part.remove());
            term.textContent = text.textContent.trim();
            const value = document.createElement("dd");
            value.textContent =
                input.tagName === "SELECT" ? input.selectedOptions[0].textContent : input.value;
            rows.push(term, value);
        }
        list.replaceChildren(...rows);
    }

    // ----------------------------------------------------------------- checks

    onKeydown(ev) {
        // an Enter that ends the composition of a Chinese word is not a "continue"
        if (ev.key === "Enter" && !ev.isComposing && this.step !== LAST_STEP) {
            ev.preventDefault();
            this.onGoto(this.step + 1);
        }
    }

    onChanged(input) {
        if (!input.dataset.check && input.value.trim()) {
            this.setMessage(input, "", "");
        }
    }

    /** One check after the other; going on waits for those that are still under way. */
    queueCheck(input) {
        this.checking = this.checking.then(() => this.onCheck(input));
    }

    async onCheck(input) {
        const value = input.value;
        this.setMessage(input, "", "");
        if (!value.trim()) {
            return;
        }
        const result = await this.waitFor(
            rpc("/b2b/register/check", {
                field: input.name,
                value,
                application_id: this.field("application_id").value || null,
                access_token: this.field("access_token").value || null,
            }).catch(() => ({ status: "busy" }))
        );
        if (value !== input.value || result.status === "busy") {
            return;
        }
        const kinds = { ok: "ok", used: "note" };
        this.setMessage(input, result.message || "✓", kinds[result.status] || "wrong");
    }

    setMessage(input, message, kind) {
        const field = input.closest(".kh-field");
        field.classList.toggle("kh-field-wrong", kind === "wrong");
        field.classList.toggle("kh-field-ok", kind === "ok");
        field.classList.toggle("kh-field-note", kind === "note");
        field.querySelector(".kh-message").textContent = message;
        if (kind === "wrong") {
            input.setAttribute("aria-invalid", "true");
        } else {
            input.removeAttribute("aria-invalid");
        }
    }

    // ------------------------------------------------------------------ files

    async onFile(input) {
        if (!input.files.length) {
            return;
        }
        const transfer = new DataTransfer();
        for (const file of input.files) {
            transfer.items.add(await this.waitFor(shrink(file)));
        }
        input.files = transfer.files;
        if (input.name === "license_file") {
            this.showLicense(input.files[0]);
        }
        this.setMessage(input, "", "");
        await this.waitFor(this.save());
        this.updateContent();
    }

    showLicense(file) {
        const name = this.el.querySelector('[data-file-of="license_file"]');
        name.textContent = file.name;
        const preview = this.el.querySelector(".kh-license-preview");
        preview.hidden = !file.type.startsWith("image/");
        if (!preview.hidden) {
            preview.src = URL.createObjectURL(file);
            this.registerCleanup(() => URL.revokeObjectURL(preview.src));
        }
    }

    async onRemove(ev) {
        const row = ev.target.closest(".kh-remove")?.closest("[data-document]");
        if (!row) {
            return;
        }
        this.field("removed_documents").value = row.dataset.document;
        await this.waitFor(this.save());
        this.updateContent();
    }

    // ------------------------------------------------------------------- save

    /** Saves run one after the other: two at once would open two drafts. */
    save() {
        this.saving = this.saving.then(() => this.saveNow());
        return this.saving;
    }

    async saveNow() {
        let response;
        let answer;
        try {
            response = await fetch("/b2b/register/save", {
                method: "POST",
                body: new FormData(this.el),
            });
            answer = await response.json();
        } catch {
            this.savedText = _t("No connection. What you typed is still here; we try again.");
            return false;
        }
        if (answer.state !== "saved") {
            this.savedText = answer.message || _t("This application can no longer be changed.");
            return false;
        }
        this.applySaved(answer);
        return !Object.keys(answer.errors).length;
    }

    applySaved(answer) {
        this.field("application_id").value = answer.id;
        this.field("access_token").value = answer.access_token;
        this.field("removed_documents").value = "";
        this.el.action = answer.url;
        history.replaceState(history.state, "", answer.url);
        const license = this.field("license_file");
        const name = this.el.querySelector('[data-file-of="license_file"]');
        name.dataset.hasFile = answer.license ? "1" : "";
        for (const input of [license, this.field("documents")]) {
            input.value = "";
        }
        for (const [field, message] of Object.entries(answer.errors)) {
            const input = field === "license_file" ? license : this.field("documents");
            this.setMessage(input, message, "wrong");
        }
        this.renderDocuments(answer);
        const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        this.savedText = _t("Saved %s", now);
    }

    renderDocuments(answer) {
        const rows = answer.documents.map((file) => {
            const row = document.createElement("li");
            row.dataset.document = file.id;
            const link = document.createElement("a");
            link.href = answer.url.replace("?", `/file/${file.id}?`);
            link.target = "_blank";
            link.textContent = file.name;
            const button = document.createElement("button");
            button.type = "button";
            button.className = "kh-remove btn btn-link";
            button.textContent = _t("Remove");
            row.append(link, " ", button);
            return row;
        });
        this.el.querySelector(".kh-documents").replaceChildren(...rows);
    }

    /** The link of this draft, to go on with it on another device. */
    async onMailLink() {
        const email = this.field("manager_email");
        if (!email.value.trim()) {
            this.show(Number(email.closest("[data-step]").dataset.step));
            this.setMessage(email, _t("Please fill in."), "wrong");
            return;
        }
        await this.waitFor(this.save());
        const data = new FormData();
        for (const name of ["csrf_token", "opened"]) {
            data.append(name, this.field(name).value);
        }
        data.append("email", email.value);
        const request = fetch("/b2b/register/resume", { method: "POST", body: data });
        const response = await this.waitFor(request.catch(() => ({ ok: false })));
        this.mailText = response.ok ? _t("On its way to %s", email.value) : _t("Please try later.");
        this.updateContent();
    }

    onSubmit(ev) {
        for (let step = 1; step < LAST_STEP; step++) {
            if (!this.isStepComplete(step)) {
                ev.preventDefault();
                this.show(step);
                return;
            }
        }
        if (this.busy) {
            ev.preventDefault();
            return;
        }
        this.busy = true;
    }
}

registry.category("public.interactions").add("kh_b2b_member.registration", Registration);
