/**
 * Look at pages of the shop in frames as wide as a screen, with axe-core inside each of them; on the
 * phone all buttons and fields must be large enough for a thumb. On the smallest phone, with as
 * little height as an open keyboard leaves, nothing may be wider than the screen or be covered.
 *
 * Not part of a bundle: the test puts it, a call of `khCheckPages` and axe-core into the browser.
 */
(function () {
    const GRAVE = ["serious", "critical"];
    const PATIENCE = 15000;
    const PHONE = 768;
    // half a pixel may be lost where a line's height is rounded
    const THUMB = 43.5;
    const SMALLEST = { width: 320, height: 420 };

    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

    async function open(frame, { url, expect }) {
        const loaded = new Promise((resolve) =>
            frame.addEventListener("load", resolve, { once: true })
        );
        frame.src = url;
        await loaded;
        const end = Date.now() + PATIENCE;
        while (!frame.contentDocument.querySelector(expect)) {
            if (Date.now() > end) {
                throw new Error(`${frame.contentWindow.location.pathname} has no ${expect}`);
            }
            await pause(50);
        }
        await frame.contentDocument.fonts.ready;
    }

    /** What axe-core finds serious or critical: one line for each element. */
    async function faults(frame, source) {
        const script = frame.contentDocument.createElement("script");
        script.textContent = source;
        frame.contentDocument.head.append(script);
        const { violations } = await frame.contentWindow.axe.run(frame.contentDocument, {
            resultTypes: ["violations"],
        });
        return violations
            .filter(({ impact }) => GRAVE.includes(impact))
            .flatMap(({ id, nodes }) =>
                nodes.map(
                    ({ target, any }) => `${id}: ${target.join(" ")} ${any[0]?.message || ""}`
                )
            );
    }

    /** Requests of a page so far, itself included; those that left this host. */
    function requests(frame) {
        const urls = frame.contentWindow.performance
            .getEntriesByType("resource")
            .map(({ name }) => name)
            .filter((name) => /^https?:/.test(name));
        return {
            count: urls.length + 1,
            foreign: urls.filter((url) => new URL(url).host !== location.host),
        };
    }

    /** Whether a person can come across an element: a trap for robots lies outside the page. */
    function isSeen(el) {
        const { right, bottom, width } = el.getBoundingClientRect();
        return (
            el.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
            width > 1 &&
            right > 0 &&
            bottom + el.ownerDocument.defaultView.scrollY > 0
        );
    }

    /** Buttons and fields that a thumb might miss: less than 44 px high on the phone. */
    function smallTargets(frame) {
        const what = "button, .btn, .nav-link, .page-link, summary, select, textarea, input";
        return [...frame.contentDocument.querySelectorAll(what)]
            .filter(isSeen)
            .map((el) => el.closest("label") || el) // the whole label answers for its box
            .map((el) => [el, el.getBoundingClientRect()])
            .filter(([, { width, height }]) => width > 1 && height > 1 && height < THUMB)
            .map(
                ([el, { height }]) => `${Math.round(height)} px high: ${el.outerHTML.slice(0, 80)}`
            );
    }

    /** Fields that something else lies upon while one types into them. */
    function coveredFields(frame) {
        const { document } = frame.contentWindow;
        const what =
            "input:not([type=hidden]):not([type=checkbox]):not([type=radio]), textarea, select";
        return [...document.querySelectorAll(what)]
            .filter((el) => isSeen(el) && !el.disabled)
            .filter((el) => {
                el.focus();
                const { left, top, width, height } = el.getBoundingClientRect();
                const upon = document.elementFromPoint(left + width / 2, top + height / 2);
                return !upon || !(el === upon || el.contains(upon) || upon.contains(el));
            })
            .map((el) => `is covered while one types: ${el.outerHTML.slice(0, 100)}`);
    }

    /** A page that must be moved sideways. */
    function tooWide(frame) {
        const { scrollWidth, clientWidth } = frame.contentDocument.documentElement;
        return scrollWidth > clientWidth ? [`is ${scrollWidth} px wide`] : [];
    }

    /** What is wrong with a page on the smallest phone while its keyboard is open. */
    async function checkSmallest(frame, page) {
        await open(frame, page);
        return [...coveredFields(frame), ...tooWide(frame)];
    }

    async function checkPage(frame, page, source) {
        await open(frame, page);
        const { count, foreign } = requests(frame);
        const found = foreign.map((url) => `asks a foreign host: ${url}`);
        if (count > (page.requests || Infinity)) {
            found.push(`makes ${count} requests, more than ${page.requests}`);
        }
        if (frame.clientWidth < PHONE) {
            found.push(...smallTargets(frame));
        }
        return [...found, ...(await faults(frame, source))];
    }

    /** A page with a fault must be found faulty, or the check proves nothing. */
    async function checkItself(frame, source) {
        const picture = frame.contentDocument.createElement("img");
        picture.src = "/web/static/img/smile.svg";
        picture.id = "kh_planted";
        frame.contentDocument.body.append(picture);
        const found = await faults(frame, source);
        return found.some((line) => line.includes("#kh_planted"))
            ? []
            : ["axe-core overlooks a picture without a text"];
    }

    /** So must a button that is too small be. */
    function checkThumb(frame) {
        const button = frame.contentDocument.createElement("button");
        button.style.cssText = "position: fixed; top: 0; height: 20px; width: 90px";
        button.id = "kh_small";
        frame.contentDocument.body.append(button);
        return smallTargets(frame).some((line) => line.includes("kh_small"))
            ? []
            : ["the check of targets overlooks a small button"];
    }

    /** A field under something, and a page that is too wide, must be found, too. */
    function checkSmallestItself(frame) {
        const { body } = frame.contentDocument;
        body.insertAdjacentHTML(
            "afterbegin",
            `<div style="position: fixed; inset: 0; z-index: 99999"></div><input id="kh_covered"/>`
        );
        const found = coveredFields(frame).some((line) => line.includes("kh_covered"))
            ? []
            : ["the check of covered fields overlooks one"];
        body.insertAdjacentHTML("afterend", `<div style="width: 500px; height: 1px"></div>`);
        return tooWide(frame).length ? found : [...found, "the check of widths overlooks a page"];
    }

    window.khCheckPages = async function (pages, widths, source) {
        const frame = document.createElement("iframe");
        document.body.replaceChildren(frame);
        const found = [];
        for (const width of widths) {
            frame.style.cssText = `width: ${width}px; height: 900px; border: 0`;
            for (const page of pages) {
                const lines = await checkPage(frame, page, source);
                found.push(...lines.map((line) => `${width} px ${page.url} ${line}`));
            }
        }
        found.push(...(await checkItself(frame, source)), ...checkThumb(frame));
        frame.style.cssText = `width: ${SMALLEST.width}px; height: ${SMALLEST.height}px; border: 0`;
        for (const page of pages) {
            const lines = await checkSmallest(frame, page);
            found.push(...lines.map((line) => `${SMALLEST.width} px ${page.url} ${line}`));
        }
        found.push(...checkSmallestItself(frame));
        if (found.length) {
            console.error(`${found.length} faults:\n${found.join("\n")}`);
        } else {
            // eslint-disable-next-line no-console -- what Odoo takes for success
            console.log("test successful");
        }
    };
})();
