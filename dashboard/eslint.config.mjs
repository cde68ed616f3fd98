import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: [".next/", "out/", "node_modules/", "next-env.d.ts"] },
  ...tseslint.configs.strict,
  hooks.configs.flat.recommended,
);
