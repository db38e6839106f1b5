//! Generates the traits of a projection.
//!
//! All items are in one anonymous constant. Each handled event has a constant `__ROUTE_n`, the only place that requires
//! the type to be an event. So a type that is not an event causes one error.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::bounds::{self, predicates};
use super::model::{Handler, Projection, ProjectionKind};
use super::{checks, describe, read_models, routing};
use crate::ctx::Ctx;
use crate::route::{route_name, stored_name};

/// Generates the items that `#[projection]` adds.
pub(super) fn expand(projection: &Projection) -> TokenStream {
    let ctx = Ctx::new(&projection.library, &projection.generics);
    let items = if projection.broken { broken(projection, &ctx) } else { whole(projection, &ctx) };
    ctx.wrap(items)
}

/// Generates the traits of a projection without errors.
fn whole(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let routes = projection.handlers.iter().enumerate().map(|(index, handler)| route(index, handler, ctx));
    let events = projection.handlers.iter().enumerate().map(|(index, handler)| {
        let (cfgs, route) = (&handler.call.cfgs, route_name(index));
        quote! { #(#cfgs)* #route.descriptor() }
    });
    let distinct = checks::distinct(projection, ctx);
    let exhaustive = checks::exhaustive(projection, ctx);
    let (aliases, mut bounds) = bounds::lent(projection, ctx);
    let owned = projection.read_models.iter().enumerate().map(|(at, ty)| read_models::owned(at, ty, ctx));
    bounds.extend(projection.read_models.iter().map(|ty| quote! { #private::Repository<#ty>: #private::Inject<__U> }));
    let (apart, lendable) = (read_models::apart(projection, ctx), checks::lendable(projection, ctx));
    let subscriber = subscriber(projection, &quote!(#private::filter(__EVENTS)), ctx);
    let described = describe::described(projection, ctx);
    let methods = routing::methods(projection, ctx);
    let event_subscriber = event_subscriber(projection, &bounds, &methods, ctx);
    quote! {
        #(#routes)*
        const __EVENTS: &[&#private::EventDescriptor] = &[#(#events),*];
        #distinct
        #exhaustive
        #(#owned)*
        #apart
        #lendable
        #aliases
        #subscriber
        #described
        #event_subscriber
    }
}

/// Generates the constants of one handler: the route of its event, and its stored name.
fn route(index: usize, handler: &Handler, ctx: &Ctx<'_>) -> TokenStream {
    let Handler { event, call, .. } = handler;
    let (private, cfgs) = (&ctx.private, &call.cfgs);
    let (name, route) = (stored_name(index), route_name(index));
    quote! {
        #(#cfgs)*
        const #route: #private::Route<#event> = #private::route::<#event>();
        #(#cfgs)*
        const #name: &#private::str = #route.name();
    }
}

/// Generates the implementation of `Subscriber`.
fn subscriber(projection: &Projection, filter: &TokenStream, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let Projection { ty, name, version, .. } = projection;
    let variant = projection.kind.variant();
    let kind = if projection.broken { quote!(#private::ProjectionKind::#variant) } else { quote!(__PROJECTION.kind()) };
    // serde copies a durable state.
    let pristine = (projection.kind == ProjectionKind::Memory && projection.owns_state).then(|| {
        quote! {
            fn pristine(&self) -> ::core::option::Option<Self> {
                use #private::PristineFallback as _;
                #private::Pristine(self).pristine()
            }
        }
    });
    let has_hook = has_hook(projection);
    let inspect = matches!(projection.kind, ProjectionKind::Memory | ProjectionKind::DurableMemory)
        .then(|| quote! { #private::inspect! {} });
    let read_models = read_models::tables(projection, ctx);
    let snapshot = (projection.kind == ProjectionKind::DurableMemory && !projection.broken).then(|| snapshot(ctx));
    let (alone, state, assumed) = (alone(projection, ctx), state(projection, ctx), thread_safe(ctx));
    let impl_generics = ctx.impl_generics();
    let predicates = predicates(projection);
    quote! {
        #alone
        #state
        #[automatically_derived]
        impl #impl_generics #private::Subscriber for #ty where #(#predicates,)* #assumed {
            const KIND: #private::ProjectionKind = #kind;

            fn name(&self) -> #private::Cow<'static, #private::str> {
                #private::Cow::Borrowed(#name)
            }

            fn version(&self) -> #private::u32 {
                #version
            }

            fn subscribed_to(&self) -> #private::EventFilter {
                #filter
            }

            #has_hook
            #read_models
            #pristine
            #snapshot
            #inspect
        }
    }
}

/// Generates whether there is a truncate hook. A memory projection is emptied by a copy too, and declared read models are
/// known to be emptied.
fn has_hook(projection: &Projection) -> Option<TokenStream> {
    let asks = !matches!(projection.kind, ProjectionKind::Memory | ProjectionKind::DurableMemory) && !projection.broken;
    let hooks = projection.hooks.iter().map(|hook| {
        let cfgs = &hook.cfgs;
        quote! { #(#cfgs)* () }
    });
    let is_empty = quote!(<[()]>::is_empty(&[#(#hooks),*]));
    (asks && projection.read_models.is_empty()).then(|| {
        quote! {
            fn has_truncate_hook(&self) -> ::core::option::Option<bool> {
                ::core::option::Option::Some(!#is_empty)
            }
        }
    })
}

/// Generates the bound that the projection can move between threads. Only the marker of [`alone`] requires it: with a
/// lifetime, a false predicate is not an error.
fn thread_safe(ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    quote!(for<'__any> Self: #private::ThreadSafe)
}

/// Generates a marker that conflicts with a second block of the same type. It comes first, so that the compiler names
/// it first.
fn alone(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let (private, ty) = (&ctx.private, &projection.ty);
    let impl_generics = ctx.impl_generics();
    let predicates = predicates(projection);
    let (span, at) = ctx.at(ty);
    let thread_safe = quote_spanned!(span=> #at::thread_safe::<Self, _>(#at::asked));
    // For durable memory, the check of its state covers this.
    let asked = (projection.kind != ProjectionKind::DurableMemory && ctx.generics.lifetimes().next().is_none())
        .then(|| quote! { const ASKS: () = #thread_safe; });
    quote! {
        impl #impl_generics #private::OneProjectionBlockPerType for #ty where #(#predicates,)* { #asked }
    }
}

/// Generates `snapshot` and `restore`.
fn snapshot(ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    quote! {
        fn snapshot(&self) -> #private::Result<#private::Vec<#private::u8>, #private::HandlerError> {
            <Self as #private::StoredState>::STATE.store(self)
        }

        fn restore(&mut self, __state: &[#private::u8]) -> #private::Result<(), #private::HandlerError> {
            *self = <Self as #private::StoredState>::STATE.load(__state)?;
            #private::Result::Ok(())
        }

        fn pristine(&self) -> ::core::option::Option<Self> {
            let __state = <Self as #private::StoredState>::STATE.store(self).ok()?;
            <Self as #private::StoredState>::STATE.load(&__state).ok()
        }
    }
}

/// Generates the only place that requires serde's traits of the state, at the name of the type.
fn state(projection: &Projection, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let (private, ty) = (&ctx.private, &projection.ty);
    let (span, at) = ctx.at(ty);
    let impl_generics = ctx.impl_generics();
    let predicates = predicates(projection);
    let state = quote_spanned!(span=> #at::state::<Self, _>(#at::asked));
    (projection.kind == ProjectionKind::DurableMemory && !projection.broken).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics #private::StoredState for #ty where #(#predicates,)* {
                const STATE: #private::StateCodec<Self> = #state;
            }
        }
    })
}

/// Generates the implementation of `EventSubscriber` for every unit of work that fulfils `bounds`.
fn event_subscriber(
    projection: &Projection,
    bounds: &[TokenStream],
    methods: &TokenStream,
    ctx: &Ctx<'_>,
) -> TokenStream {
    let (private, ty) = (&ctx.private, &projection.ty);
    let parameters = ctx.generics.params.iter();
    let (predicates, assumed) = (predicates(projection), thread_safe(ctx));
    quote! {
        #[automatically_derived]
        impl<#(#parameters,)* __U: #private::UnitOfWork> #private::EventSubscriber<__U> for #ty
        where
            #(#predicates,)*
            #(#bounds,)*
            #assumed
        {
            #methods
        }
    }
}

/// Generates the traits of a projection with an error. They do nothing and require nothing.
fn broken(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let subscriber = subscriber(projection, &quote!(#private::EventFilter::all()), ctx);
    let methods = quote! {
        async fn handle(
            &mut self,
            _: &#private::Arc<#private::RecordedEvent>,
            _: &mut __U,
        ) -> #private::Result<(), #private::HandlerError> {
            #private::Result::Ok(())
        }
    };
    let event_subscriber = event_subscriber(projection, &[], &methods, ctx);
    let described = describe::broken(projection, ctx);
    let undecided = checks::undecided(projection, ctx);
    quote! {
        #undecided
        #subscriber
        #described
        #event_subscriber
    }
}
