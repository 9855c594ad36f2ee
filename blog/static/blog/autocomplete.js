// Select2 names neither the boxes that it puts in place of a field nor its search: here they get
// the name of the field's label, for those who hear the page.
django.jQuery(($) => {
  function name(field) {
    const [label] = field.labels;
    label.id = `${field.id}-label`;
    const box = field.nextElementSibling.querySelector("[role=combobox]");
    const chosen = box.querySelector("[role=textbox]");
    // It is no box to write in, whatever Select2 calls it.
    chosen.removeAttribute("role");
    chosen.removeAttribute("aria-readonly");
    box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    $(field).on("select2:open", () => {
      const list = box.getAttribute("aria-owns");
      box.setAttribute("aria-controls", list);
      document.querySelector(`[aria-controls="${list}"][role=searchbox]`).ariaLabel = label.innerText;
    });
    $(field).on("select2:close", () => box.removeAttribute("aria-controls"));
  }

  const fields = "select.admin-autocomplete";
  // Not the empty row from which others are made, which Django's script passes over too.
  $(fields).not("[name*=__prefix__]").each((_, field) => name(field));
  document.addEventListener("formset:added", (event) => $(event.target).find(fields).each((_, field) => name(field)));
});
