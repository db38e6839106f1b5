//! Generates the code for read models: a reset empties them, and no method takes a connection in addition to a
//! repository.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Type};

use super::model::{Call, Injected, Projection};
use crate::block::scope::Scope;
use crate::ctx::Ctx;
use crate::spans::ends;

/// Generates the constant of an owned read model: the only place that requires the type to be one.
pub(super) fn owned(at: usize, ty: &Type, ctx: &Ctx<'_>) -> TokenStream {
    let name = name(at);
    let (span, private) = ctx.at(ty);
    quote_spanned! {span=> const #name: #private::Owned<#ty> = #private::owned::<#ty>(); }
}

/// Generates the check that the row of a lent repository is a read model.
pub(super) fn asked_for(cfgs: &[Attribute], row: &Type, ctx: &Ctx<'_>) -> TokenStream {
    let (span, private) = ctx.at(row);
    quote_spanned! {span=>
        #(#cfgs)*
        #private::read_model::<#row>();
    }
}

fn name(at: usize) -> Ident {
    format_ident!("__OWNED_{at}")
}

/// Generates the tables of the owned read models, if there are any.
pub(super) fn tables(projection: &Projection, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let private = &ctx.private;
    let owned = if projection.broken { &[] } else { &*projection.read_models };
    let each = (0..owned.len()).map(name);
    (!owned.is_empty()).then(|| {
        quote! {
            fn read_models(&self) -> #private::Vec<&'static #private::Table> {
                #private::tables(&[#(#each.table()),*])
            }
        }
    })
}

/// Generates the truncate hook that empties the owned read models, if there are any.
pub(super) fn truncate(owned: &[Type], ctx: &Ctx<'_>) -> Option<TokenStream> {
    let private = &ctx.private;
    let each = owned.iter().enumerate().map(|(at, ty)| {
        let name = name(at);
        quote! {
            let mut __repository = <#private::Repository<#ty> as #private::Inject<__U>>::inject(__unit).await?;
            #name.truncate(&mut *__repository).await?;
        }
    });
    (!owned.is_empty()).then(|| {
        quote! {
            async fn truncate(&mut self, __unit: &mut __U) -> #private::Result<(), #private::HandlerError> {
                #(#each)*
                #private::Result::Ok(())
            }
        }
    })
}

/// Generates the checks that no method takes both a connection and a repository, also behind aliases.
pub(super) fn apart(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let scope = Scope::of(ctx.generics);
    let checks = projection.calls().filter_map(|call| check(call, &scope, ctx));
    quote! {
        #[allow(unused_imports)]
        use #private::ProbeFallback as _;
        #(#checks)*
    }
}

/// Generates the check of one method, at its last lent parameter. The types must be known here; a type parameter is
/// checked when it runs.
fn check(call: &Call, scope: &Scope, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let lent: Vec<&Injected> = call.lent().filter(|injected| scope.used_in(&injected.ty).is_none()).collect();
    let (last, _) = lent.split_last().filter(|(_, others)| !others.is_empty())?;
    let (cfgs, (span, _)) = (&call.cfgs, ends(&last.parameter));
    let types = lent.iter().map(|injected| &injected.ty);
    let private = ctx.private_at(span);
    let probes =
        types.map(|ty| quote_spanned!(span=> (<#private::Probe<#ty>>::CONNECTION, <#private::Probe<#ty>>::CHANGES)));
    Some(quote_spanned! {span=>
        #(#cfgs)*
        const _: () = #private::assert_apart(&[#(#probes),*]);
    })
}
