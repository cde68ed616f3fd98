"""The Pydantic layer: a model class, given or generated, that checks types."""

from dataquarantine.validation.pydantic_model.layer import PydanticLayer, compile_pydantic

__all__ = ["PydanticLayer", "compile_pydantic"]
