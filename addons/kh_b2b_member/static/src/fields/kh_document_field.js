import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { url } from "@web/core/utils/urls";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";
import { useState } from "@odoo/owl";

const STEP = 1.25;
const LIMITS = [0.25, 6];

/** Shows an uploaded image or PDF in place; images zoom and turn. */
export class KhDocumentField extends BinaryField {
    static template = "kh_b2b_member.DocumentField";
    static props = {
        ...BinaryField.props,
        mimetypeField: { type: String, optional: true },
    };

    setup() {
        super.setup();
        this.view = useState({ zoom: 1, turn: 0 });
    }

    get mimetype() {
        return this.props.record.data[this.props.mimetypeField] || "";
    }

    get isPdf() {
        return this.mimetype === "application/pdf";
    }

    get isImage() {
        return this.mimetype.startsWith("image/");
    }

    get isStored() {
        return Boolean(this.props.record.resId && this.props.record.data[this.props.name]);
    }

    get src() {
        return url("/web/content", {
            model: this.props.record.resModel,
            id: this.props.record.resId,
            field: this.props.name,
            filename_field: this.props.fileNameField,
            unique: this.props.record.data.write_date?.ts,
        });
    }

    get viewerSrc() {
        return `/web/static/lib/pdfjs/web/viewer.html?file=${encodeURIComponent(this.src)}`;
    }

    get imageStyle() {
        const turned = this.view.turn % 2 === 1;
        const origin = turned ? "center center" : "top left";
        return `width: ${100 * this.view.zoom}%; transform: rotate(${this.view.turn * 90}deg); transform-origin: ${origin};`;
    }

    onZoom(direction) {
        const zoom = this.view.zoom * (direction > 0 ? STEP : 1 / STEP);
        this.view.zoom = Math.min(Math.max(zoom, LIMITS[0]), LIMITS[1]);
    }

    onTurn() {
        this.view.turn = (this.view.turn + 1) % 4;
    }

    onReset() {
        Object.assign(this.view, { zoom: 1, turn: 0 });
    }
}

export const khDocumentField = {
    ...binaryField,
    component: KhDocumentField,
    displayName: _t("Document (KH B2B)"),
    extractProps: (info) => ({
        ...binaryField.extractProps(info),
        mimetypeField: info.options.mimetype_field,
    }),
};

registry.category("fields").add("kh_document", khDocumentField);
