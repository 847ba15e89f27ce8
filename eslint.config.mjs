import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: [".kh/**", "**/static/lib/**"] },
    js.configs.recommended,
    {
        files: ["addons/*/static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: { ...globals.browser, odoo: "readonly", luxon: "readonly" },
        },
        rules: {
            eqeqeq: ["error", "always", { null: "ignore" }],
            "no-console": ["error", { allow: ["error", "warn"] }],
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-restricted-globals": ["error", "event", "self"],
            "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            "no-var": "error",
            "prefer-const": "error",
        },
    },
];
