// `data-when="NAME=a|b&OTHER=c"`: a part of a form that is shown only while those fields have those values. Without
// scripts every part is shown. What is hidden is sent all the same; the server reads only what an answer calls for.

function holds(condition: string, values: FormData): boolean {
  return condition.split("&").every((part) => {
    const [name = "", wanted = ""] = part.split("=");
    const chosen = values.getAll(name);
    return wanted.split("|").some((value) => chosen.includes(value));
  });
}

function update(form: HTMLFormElement): void {
  const values = new FormData(form);
  for (const part of form.querySelectorAll<HTMLElement>("[data-when]")) {
    part.hidden = !holds(part.dataset["when"] ?? "", values);
  }
}

export function bindConditions(within: ParentNode): void {
  const forms = new Set<HTMLFormElement>();
  for (const part of within.querySelectorAll<HTMLElement>("[data-when]")) {
    const form = part.closest("form");
    if (form) forms.add(form);
  }
  for (const form of forms) {
    update(form);
    form.addEventListener("change", () => update(form));
  }
}
