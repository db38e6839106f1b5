//! Generates the traits of a projection.
//!
//! All items are in one anonymous constant. Each handled event has a constant `__ROUTE_n`, the only place that requires
//! the type to be an event. So a type that is not an event causes one error.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, GenericParam};

use super::model::{Handler, Injected, Projection, ProjectionKind};
use super::{call, checks, describe, read_models, routing};
use crate::anonymous;
use crate::spans::{located, moved};

/// Generates the items that `#[projection]` adds.
pub(super) fn expand(projection: &Projection) -> TokenStream {
    let private = anonymous::private();
    let items = if projection.broken { broken(projection, &private) } else { whole(projection, &private) };
    anonymous::wrap(&projection.library, items)
}

/// Generates the traits of a projection without errors.
fn whole(projection: &Projection, private: &TokenStream) -> TokenStream {
    let routes = projection.handlers.iter().enumerate().map(|(index, handler)| route(index, handler, private));
    let events = projection.handlers.iter().enumerate().map(|(index, handler)| {
        let (cfgs, route) = (&handler.call.cfgs, route_name(index));
        quote! { #(#cfgs)* #route.descriptor() }
    });
    let distinct = checks::distinct(projection, private);
    let exhaustive = checks::exhaustive(projection, private);
    let (aliases, mut bounds) = bounds(projection, private);
    let owned = projection.read_models.iter().enumerate().map(|(at, ty)| read_models::owned(at, ty, private));
    bounds.extend(projection.read_models.iter().map(|ty| quote! { #private::Repository<#ty>: #private::Inject<__U> }));
    let (apart, lendable) = (read_models::apart(projection, private), checks::lendable(projection, private));
    let subscriber = subscriber(projection, &quote!(#private::filter(__EVENTS)), private);
    let described = describe::described(projection, private);
    let methods = routing::methods(projection, private);
    let event_subscriber = event_subscriber(projection, &bounds, &methods, private);
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

/// Returns the name of the constant with the route of the handler `index`.
pub(super) fn route_name(index: usize) -> Ident {
    format_ident!("__ROUTE_{index}")
}

/// Generates the constants of one handler: the route of its event, and its stored name.
fn route(index: usize, handler: &Handler, private: &TokenStream) -> TokenStream {
    let Handler { event, call, .. } = handler;
    let (cfgs, name, route) = (&call.cfgs, format_ident!("__NAME_{index}"), route_name(index));
    quote! {
        #(#cfgs)*
        const #route: #private::Route<#event> = #private::route::<#event>();
        #(#cfgs)*
        const #name: &#private::str = #route.name();
    }
}

/// Generates the bounds, one for each lent type, and an alias for each lent type behind a `cfg`.
fn bounds(projection: &Projection, private: &TokenStream) -> (TokenStream, Vec<TokenStream>) {
    let mut seen = Vec::new();
    let (mut aliases, mut bounds) = (TokenStream::new(), Vec::new());
    let (always, conditional): (Vec<_>, Vec<_>) = asked(projection).partition(|(cfgs, _)| cfgs.is_empty());
    for (cfgs, Injected { ty, .. }) in always.into_iter().chain(conditional) {
        let key = quote!(#(#cfgs)* #ty).to_string();
        if seen.contains(&key) || seen.contains(&quote!(#ty).to_string()) {
            continue;
        }
        seen.push(key);
        let Some(condition) = call::condition(cfgs) else {
            bounds.push(quote! { #ty: #private::Inject<__U> });
            continue;
        };
        // A `where` clause cannot contain a `cfg`.
        let alias = format_ident!("__Lent{}", seen.len());
        aliases.extend(quote! {
            #[cfg(#condition)]
            type #alias = #ty;
            #[cfg(not(#condition))]
            type #alias = #private::NotAsked;
        });
        bounds.push(quote! { #alias: #private::Inject<__U> });
    }
    (aliases, bounds)
}

/// Returns all lent types, each with the `cfg`s of its method.
fn asked(projection: &Projection) -> impl Iterator<Item = (&[Attribute], &Injected)> {
    projection.calls().flat_map(|call| call.lent().map(|injected| (&*call.cfgs, injected)))
}

/// Generates the implementation of `Subscriber`.
fn subscriber(projection: &Projection, filter: &TokenStream, private: &TokenStream) -> TokenStream {
    let Projection { ty, generics, name, version, .. } = projection;
    let kind = match projection.kind {
        ProjectionKind::Transactional => quote!(Transactional),
        ProjectionKind::Memory | ProjectionKind::Undecided => quote!(Memory),
        ProjectionKind::DurableMemory => quote!(DurableMemory),
        ProjectionKind::Effects => quote!(Effects),
    };
    // serde copies a durable state.
    let pristine = (projection.kind == ProjectionKind::Memory && projection.owns_state).then(|| {
        quote! {
            fn pristine(&self) -> ::core::option::Option<Self> {
                use #private::PristineFallback as _;
                #private::Pristine(self).pristine()
            }
        }
    });
    let read_models = read_models::tables(projection, private);
    let snapshot = (projection.kind == ProjectionKind::DurableMemory && !projection.broken).then(|| snapshot(private));
    let (alone, state, assumed) = (alone(projection, private), state(projection, private), thread_safe(private));
    let (impl_generics, _, _) = generics.split_for_impl();
    let predicates = predicates(projection);
    quote! {
        #alone
        #state
        #[automatically_derived]
        impl #impl_generics #private::Subscriber for #ty where #(#predicates,)* #assumed {
            const KIND: #private::ProjectionKind = #private::ProjectionKind::#kind;

            fn name(&self) -> #private::Cow<'static, #private::str> {
                #private::Cow::Borrowed(#name)
            }

            fn version(&self) -> #private::u32 {
                #version
            }

            fn subscribed_to(&self) -> #private::EventFilter {
                #filter
            }

            #read_models
            #pristine
            #snapshot
        }
    }
}

/// Generates the bound that the projection can move between threads. Only the marker of [`alone`] requires it: with a
/// lifetime, a false predicate is not an error.
fn thread_safe(private: &TokenStream) -> TokenStream {
    quote!(for<'__any> Self: #private::ThreadSafe)
}

/// Generates a marker that conflicts with a second block of the same type. It comes first, so that the compiler names
/// it first.
fn alone(projection: &Projection, private: &TokenStream) -> TokenStream {
    let Projection { ty, generics, .. } = projection;
    let (impl_generics, _, _) = generics.split_for_impl();
    let predicates = predicates(projection);
    let span = located(ty.span());
    let at = moved(private, span);
    let thread_safe = quote_spanned!(span=> #at::thread_safe::<Self, _>(#at::asked));
    // For durable memory, the check of its state covers this.
    let asked = (projection.kind != ProjectionKind::DurableMemory && projection.generics.lifetimes().next().is_none())
        .then(|| quote! { const ASKS: () = #thread_safe; });
    quote! {
        impl #impl_generics #private::OneProjectionBlockPerType for #ty where #(#predicates,)* { #asked }
    }
}

/// Generates `snapshot` and `restore`.
fn snapshot(private: &TokenStream) -> TokenStream {
    quote! {
        fn snapshot(&self) -> #private::Result<#private::Vec<#private::u8>, #private::HandlerError> {
            <Self as #private::StoredState>::STATE.store(self)
        }

        fn restore(&mut self, __state: &[#private::u8]) -> #private::Result<(), #private::HandlerError> {
            *self = <Self as #private::StoredState>::STATE.load(__state)?;
            #private::Result::Ok(())
        }
    }
}

/// Generates the only place that requires serde's traits of the state, at the name of the type.
fn state(projection: &Projection, private: &TokenStream) -> Option<TokenStream> {
    let Projection { ty, generics, .. } = projection;
    let span = located(ty.span());
    let at = moved(private, span);
    let (impl_generics, _, _) = generics.split_for_impl();
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
    private: &TokenStream,
) -> TokenStream {
    let Projection { ty, generics, .. } = projection;
    let parameters = generics.params.iter();
    let (predicates, assumed) = (predicates(projection), thread_safe(private));
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

/// Returns the predicates of the impl block. A projection that borrows is an error; its lifetimes are assumed to be
/// `'static`, so that no other error follows.
pub(super) fn predicates(projection: &Projection) -> Vec<TokenStream> {
    let given = projection.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let assumed = projection.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Lifetime(parameter) => {
            let lifetime = &parameter.lifetime;
            Some(quote!(#lifetime: 'static))
        }
        _ => None,
    });
    given.map(|predicate| quote!(#predicate)).chain(assumed).collect()
}

/// Generates the traits of a projection with an error. They do nothing and require nothing.
fn broken(projection: &Projection, private: &TokenStream) -> TokenStream {
    let subscriber = subscriber(projection, &quote!(#private::EventFilter::all()), private);
    let methods = quote! {
        async fn handle(
            &mut self,
            _: &#private::Arc<#private::RecordedEvent>,
            _: &mut __U,
        ) -> #private::Result<(), #private::HandlerError> {
            #private::Result::Ok(())
        }
    };
    let event_subscriber = event_subscriber(projection, &[], &methods, private);
    let described = describe::broken(projection, private);
    let undecided = checks::undecided(projection, private);
    quote! {
        #undecided
        #subscriber
        #described
        #event_subscriber
    }
}
