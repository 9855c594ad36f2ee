"""How public templates become Python."""

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from markupsafe import Markup, _escape_inner, escape


class Code(CodeGenerator):
    """Values are escaped into plain text, since all that happens to it is to be joined.

    A block, and what is included, is joined before it is handed on, so that its pieces do not pass
    through all that stands around it one by one.
    """

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:  # noqa: N802
        if node.required or node.scoped or (frame.toplevel and self.extends_so_far):
            super().visit_Block(node, frame)
            return
        self.start_write(frame, node)
        self.write(f"concat(context.blocks[{node.name!r}][0]({self.get_context_ref()}))")
        self.end_write(frame)

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802
        is_plain = isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)
        if not is_plain or node.ignore_missing or not node.with_context:
            super().visit_Include(node, frame)
            return
        self.writeline("template = environment.get_template(", node)
        self.visit(node.template, frame)
        self.write(f", {self.name!r})")
        self.start_write(frame)
        shown = f"template.new_context(context.get_all(), True, {self.dump_local_context(frame)})"
        self.write(f"concat(template.root_render_func({shown}))")
        self.end_write(frame)

    def visit_Call(  # noqa: N802
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        """Jinja2 has the context call it, which could look whether it wants that as an argument."""
        if forward_caller or node.kwargs or node.dyn_args or node.dyn_kwargs:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        """Most names are attributes, and found without a call of the environment's."""
        self.write("(_found if (_found := getattr((_of := ")
        self.visit(node.node, frame)
        self.write(f"), {node.attr!r}, missing)) is not missing")
        self.write(f" else environment.getattr(_of, {node.attr!r}))")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


def escaped(value: Any) -> str:
    """The same text as of markupsafe's escape(), which wraps it up as Markup: that takes longest.

    There are two hundred values on a page, most of them short.
    """
    if type(value) is str:
        return _escape_inner(value)
    if type(value) is int:
        return str(value)
    return value if type(value) is Markup else escape(value)
